import { join } from 'node:path'
import type { Connection } from '../connection.js'
import { garbageFilters, readFilters } from './gc-filters.js'
import { garbageKinds, type GarbageItem, type GarbageKind, type Sweep } from './gc-item.js'
import { readMachinesUse } from './gc-machines.js'
import { garbageNvram, nvramFiles, type NvramFile } from './gc-nvram.js'
import { garbageReservations, readReservations } from './gc-reservations.js'
import { garbageSecrets, readSecrets } from './gc-secrets.js'
import { reach } from './gc-reach.js'
import { readStore, type StoredVolume } from './gc-store.js'
import { garbageVolumes } from './gc-volumes.js'
import { imageOf, isWhole } from './image-name.js'
import { journaledVolumes } from './journaled.js'
import { isOwnHost, qemuFolder } from './own-host.js'
import { codeOf } from './state-folder.js'

/** What changed a shorter while ago (ms) may be in the making. */
export const youngest = 3_600_000

export interface SweepOptions {
  kinds: ReadonlySet<GarbageKind>
  /** milliseconds since the last change; what is younger may be another's, who is just making it */
  olderThan: number
}

/**
 * Finds what no machine uses. Only looks.
 * The machines are read last: whatever is made meanwhile has its machine by then, or is in a journal.
 */
export function sweep(connection: Connection, { kinds, olderThan }: SweepOptions): Sweep {
  const ownHost = isOwnHost(connection)
  const notes: string[] = []
  const wants = (...some: GarbageKind[]) => some.some((kind) => kinds.has(kind))
  const secrets = wants('secret') ? readSecrets(connection) : { secrets: [], running: new Set<string>() }
  const store = wants('volume', 'seed', 'image', 'secret') ? readStore(connection, { ownHost }) : { volumes: [], stopped: [] }
  const files = wants('nvram') ? readNvram(connection, ownHost, notes) : []
  const filters = wants('filter') ? readFilters(connection) : { rows: [], bound: new Set<string>() }
  const reservations = wants('reservation') ? readReservations(connection) : []
  const journaled = journaledVolumes()
  const use = readMachinesUse(connection)
  // A whole image waits for machines, and what it may lie on stays with it.
  const { used, doubts } = reach(store, use, { ownHost, keep: isImage })
  const found = [
    ...garbageVolumes({ store, used, journaled: journaled.volumes, use }), ...garbageNvram(files, use),
    ...garbageFilters(filters, use), ...garbageReservations(reservations, use),
    ...garbageSecrets(secrets, { paths: new Set(store.volumes.map(({ path }) => path)), journaled: journaled.secrets }),
  ].filter(({ kind }) => kinds.has(kind))
  const items = found.filter(({ modified }) => modified === null || Date.now() - Date.parse(modified) >= olderThan)
  const young = found.length - items.length
  if (young > 0) notes.push(`${young} more changed a short while ago and may be in the making: --older-than 1s shows them`)
  const blocked = blocks(kinds, { all: use.unread, volumes: doubts, journals: journaled.unread })
  return { items: items.sort(byKindAndName), blocked, notes }
}

function isImage({ name, format }: StoredVolume): boolean {
  return imageOf(name) !== undefined && isWhole(name, format)
}

/** Only root may look into libvirt's folder, and only on the host itself. */
function readNvram(connection: Connection, ownHost: boolean, notes: string[]): NvramFile[] {
  if (!ownHost) {
    notes.push('NVRAM files are not looked at: bay does not run on the host itself')
    return []
  }
  try {
    return nvramFiles(join(qemuFolder(connection), 'nvram'))
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(codeOf(error))) throw error
    notes.push(`NVRAM files are not looked at: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

/** What keeps from removing things of a kind, although they look unused. */
function blocks(
  kinds: ReadonlySet<GarbageKind>, { all, volumes, journals }: Record<'all' | 'volumes' | 'journals', readonly string[]>,
): Sweep['blocked'] {
  const reasons = (kind: GarbageKind) => [
    ...all, ...kind === 'volume' ? volumes : [], ...['volume', 'seed', 'image', 'secret'].includes(kind) ? journals : [],
  ]
  const found = [...kinds].map((kind): [GarbageKind, readonly string[]] => [kind, reasons(kind)])
  return new Map(found.filter(([, why]) => why.length > 0))
}

function byKindAndName(a: GarbageItem, b: GarbageItem): number {
  return garbageKinds.indexOf(a.kind) - garbageKinds.indexOf(b.kind) || a.name.localeCompare(b.name, 'en', { numeric: true })
}
