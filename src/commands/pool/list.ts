import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { formatSize } from '../../units.js'
import { listPools, type PoolRow } from '../../virt/ops/list-pools.js'

export default class PoolList extends BaseCommand<typeof PoolList> {
  static override summary = 'List storage pools'
  static override description = 'All of them, running or not; how full they are is known of those that run.'
  static override examples = [
    '<%= config.bin %> pool list',
    '<%= config.bin %> pool list --sort -available',
    '<%= config.bin %> pool list -o json --filter state=running',
  ]

  static override flags = listFlags

  async run(): Promise<readonly PoolRow[]> {
    const host = await this.look()
    const rows = listPools(host).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    return this.showList(rows, columns, {
      xmlOf: (row) => {
        using pool = host.poolByUuid(row.uuid)
        return pool.xml()
      },
    })
  }
}

const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)

const columns: Column<PoolRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'autostart', get: (row) => row.autostart },
  { key: 'type', get: (row) => row.type },
  { key: 'path', get: (row) => row.path },
  { key: 'capacity', get: (row) => size(row.capacity), align: 'right' },
  { key: 'available', get: (row) => size(row.available), align: 'right' },
  { key: 'volumes', get: (row) => row.volumes, align: 'right' },
  { key: 'allocation', get: (row) => size(row.allocation), align: 'right', wide: true },
  { key: 'persistent', get: (row) => row.persistent, wide: true },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
]
