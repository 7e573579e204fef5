import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { backupFolder, backupJob, frozenGuest, pausedDomain, type MadeBackup } from './undo-backup.js'
import { definedFilter, generatedFilter, removedFilter, replacedFilter, type ReplacedFilter } from './undo-filter.js'
import { changedDrive, releasedDevice, runningDevice, storedDevices, type ChangedDrive, type MadeDevices } from './undo-device.js'
import type { Made, Undoing } from './undo-kind.js'
import { cutNetwork, definedNetwork, runningNetwork, type CutNetwork } from './undo-network.js'
import { runningNic, storedNic, type FilteredNicBefore } from './undo-nic.js'
import { nvramFile } from './undo-nvram.js'
import { builtSource, definedPool, poolFolder, runningPool, type BuiltSource, type MadeFolder } from './undo-pool.js'
import type { Reservation } from './reserve-address.js'
import { madeReservation } from './undo-reservation.js'
import { layeredDisk, madeSnapshot, snapshotJob, type MadeLayer, type MadeSnapshot, type SnapshotJob } from './undo-snapshot.js'
import { madeSecret } from './undo-secret.js'
import { changedAutostart, definedDomain, domainAutostart, runningDomain, type AutostartBefore } from './undo-vm.js'
import { madeVolume, type MadeVolume } from './undo-volume.js'

/** What is needed to find again what a step makes. All of it is text, for a journal is read by later runs and versions. */
interface Records {
  'volume': MadeVolume
  'domain': Made
  'autostart': Made
  'changed-autostart': AutostartBefore
  'running': Made
  'network': Made
  'network-running': Made
  'network-cut': CutNetwork
  'pool': Made
  'pool-running': Made
  'pool-folder': MadeFolder
  'pool-built': BuiltSource
  'reservation': Reservation
  'secret': Made
  'backup': MadeBackup
  'backup-folder': { path: string }
  'filter': Made
  'filter-replaced': ReplacedFilter
  'generated-filter': Made
  'removed-filter': ReplacedFilter
  'running-nic': FilteredNicBefore
  'stored-nic': FilteredNicBefore
  'paused': Made
  'frozen': Made
  'nvram': { path: string }
  'snapshot': MadeSnapshot
  'snapshot-job': SnapshotJob
  'layered': MadeLayer
  'stored-devices': MadeDevices
  'running-device': MadeDevices
  'released-device': MadeDevices
  'changed-drive': ChangedDrive
}

type UndoKind = keyof Records

/** How a step is undone, as data: by the run itself, or by `bay recover` when the run is dead. */
export type UndoRecord<K extends UndoKind = UndoKind> = { [P in K]: { kind: P } & Records[P] }[K]

const kinds: { [K in UndoKind]: Undoing<Records[K]> } = {
  'volume': madeVolume,
  'domain': definedDomain,
  'autostart': domainAutostart,
  'changed-autostart': changedAutostart,
  'running': runningDomain,
  'network': definedNetwork,
  'network-running': runningNetwork,
  'network-cut': cutNetwork,
  'pool': definedPool,
  'pool-running': runningPool,
  'pool-folder': poolFolder,
  'pool-built': builtSource,
  'reservation': madeReservation,
  'secret': madeSecret,
  'backup': backupJob,
  'backup-folder': backupFolder,
  'filter': definedFilter,
  'filter-replaced': replacedFilter,
  'generated-filter': generatedFilter,
  'removed-filter': removedFilter,
  'running-nic': runningNic,
  'stored-nic': storedNic,
  'paused': pausedDomain,
  'frozen': frozenGuest,
  'nvram': nvramFile,
  'snapshot': madeSnapshot,
  'snapshot-job': snapshotJob,
  'layered': layeredDisk,
  'stored-devices': storedDevices,
  'running-device': runningDevice,
  'released-device': releasedDevice,
  'changed-drive': changedDrive,
}

/** Undoes a step. What is gone already is fine, so that it can be done any number of times. */
export async function undo<K extends UndoKind>(connection: Connection, record: UndoRecord<K>): Promise<void> {
  const kind: Undoing<Records[K]> = kinds[record.kind]
  try {
    if (kind.isThere(connection, record)) await kind.undo(connection, record)
  } catch (error) {
    if (!(error instanceof BayError) || error.code !== 'not-found') throw error
  }
}

/** Whether what the step made is there. @throws VirtError when the host does not tell, as of a pool that is stopped */
export function isThere<K extends UndoKind>(connection: Connection, record: UndoRecord<K>): boolean {
  const kind: Undoing<Records[K]> = kinds[record.kind]
  return kind.isThere(connection, record)
}

/** What the step leaves, and the command that removes it. */
export function describeUndo<K extends UndoKind>(record: UndoRecord<K>): { leaves: string, removeBy: string } {
  const kind: Undoing<Records[K]> = kinds[record.kind]
  return { leaves: kind.leaves(record), removeBy: kind.removeBy(record) }
}

/** Whether a journal's value is a record that this version can undo. */
export function isUndoRecord(value: unknown): value is UndoRecord {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  const kind = Object.entries(kinds).find(([name]) => name === value.kind)?.[1]
  const fields: readonly string[] = kind?.fields ?? []
  return kind !== undefined && fields.every((field) => typeof Object.entries(value).find(([name]) => name === field)?.[1] === 'string')
}
