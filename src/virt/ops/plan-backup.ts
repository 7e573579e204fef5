import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { parse } from '../../xml/node.js'
import { path as at } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import type { BackupManifest } from './backup-manifest.js'
import { wholeOnes, type BackupStore, type StoredBackup } from './backup-store.js'
import { hasCheckpoint } from './undo-backup.js'

export interface BackupWish {
  store: BackupStore
  incremental: boolean
}

export interface BackupPlan {
  /** its name, and where it will be */
  name: string
  path: string
  /** what it builds on; null for a full one */
  parent: BackupManifest | null
  /** whether it notes what is written from now on, for the next incremental one */
  noted: boolean
  /** checkpoints of earlier backups there that no later one will build on */
  superseded: string[]
  notes: string[]
  tpm: boolean
  /** it is off, and is started without running */
  off: boolean
}

/** What a backup will be. Only looks. @throws UsageError for another host; BayError `wrong-state`, `busy` */
export function planBackup(connection: Connection, domain: Domain, { store, incremental }: BackupWish): BackupPlan {
  store.refuse(connection)
  refuseState(domain)
  const vm = domain.name()
  const there = store.of(vm)
  const before = wholeOnes(there).map(({ manifest }) => manifest).filter(({ uuid }) => uuid === domain.uuid())
  const last = before.at(-1)
  const chained = last?.checkpoint !== undefined && last.checkpoint !== null && hasCheckpoint(domain, last.checkpoint)
  const why = !incremental || chained ? [] : [last ? 'the machine has no note of what was written since the last backup here' : 'there is no backup of it here yet']
  const persistent = domain.isPersistent()
  const noted = persistent && (incremental || chained)
  const xml = domain.xml()
  const tpm = at(parse(xml), 'devices/tpm') !== undefined
  const name = freeName(there)
  return {
    name, path: store.pathOf(vm, name), parent: incremental && chained ? last : null, noted, tpm, off: !domain.isActive(),
    superseded: before.slice(0, -1).flatMap(({ checkpoint }) => checkpoint ?? []),
    notes: [
      ...why.map((each) => `${vm}: a full backup is made, for ${each}`),
      ...incremental && !persistent ? [`${vm}: a full backup is made, for a machine without a definition can note nothing`] : [],
      ...tpm ? [`${vm}: the state of its TPM is not in the backup`] : [],
    ],
  }
}

function refuseState(domain: Domain): void {
  const { state } = domain.state()
  if (state === 'off' && domain.hasSavedState()) {
    throw new BayError('wrong-state', 'its memory is saved, and starting it for a backup would use that up', { hints: [sh`bay vm start ${domain.name()}`] })
  }
  if (domain.isActive() && domain.job()) throw new BayError('busy', 'another long job of the machine is under way, such as a backup, a save or a migration')
  if (!['off', 'running', 'paused', 'blocked', 'none'].includes(state)) throw new BayError('wrong-state', `it is ${state}`, { hints: ['again once it runs or is off'] })
}

/** The moment, to the second; a second later when that is taken. */
function freeName(there: readonly StoredBackup[]): string {
  const taken = new Set(there.map(({ name }) => name))
  for (let time = Date.now(); ; time += 1000) {
    const name = new Date(time).toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(/[-:]/g, '')
    if (!taken.has(name)) return name
  }
}
