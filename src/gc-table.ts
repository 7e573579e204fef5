import type { Column } from './output/table.js'
import { formatSize } from './units.js'
import type { GarbageKind } from './virt/ops/gc-item.js'
import type { GarbageRow } from './virt/ops/gc-row.js'

/** So many things, and their bytes on the host. */
export function amount(rows: readonly GarbageRow[]): string {
  const bytes = rows.reduce((sum, { size }) => sum + (size ?? 0), 0)
  return `${rows.length} ${rows.length === 1 ? 'thing' : 'things'}${bytes === 0 ? '' : ` of ${formatSize(bytes)}`}`
}

export const garbageColumns: Column<GarbageRow>[] = [
  { key: 'kind', get: (row) => row.kind },
  { key: 'name', get: (row) => row.name },
  { key: 'size', get: (row) => row.size === null ? null : formatSize(row.size), raw: (row) => row.size, align: 'right' },
  { key: 'reason', get: (row) => row.reason },
  { key: 'result', get: (row) => row.result },
  { key: 'why', get: (row) => row.why, wide: true },
  { key: 'pool', get: (row) => row.pool, wide: true },
  { key: 'path', get: (row) => row.path, wide: true },
  { key: 'modified', get: (row) => row.modified, wide: true },
]

/** The kinds as --only has them. */
export const garbageWords: Record<string, GarbageKind> = {
  volumes: 'volume', seeds: 'seed', images: 'image', nvram: 'nvram', filters: 'filter', reservations: 'reservation', secrets: 'secret',
}
