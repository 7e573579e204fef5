import { BayError } from '../../errors.js'
import type { Keep } from '../../retention.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { start } from '../flags.js'
import type { BackupStore, WholeBackup } from './backup-store.js'
import { unlessGone } from './gone.js'
import { journalFor, journalHere } from './journal.js'
import { planPrune } from './prune-plan.js'
import { Rollback } from './rollback.js'
import { forgetCheckpoint, hasCheckpoint } from './undo-backup.js'

export interface PruneOptions {
  keep: Keep
  now: Date
  dryRun: boolean
  signal: AbortSignal
  note: (text: string) => void
}

export interface Pruned {
  /** the names of those that are gone, or would be, the newest first */
  deleted: string[]
  /** how many stay by the rule, and how many because those build on them */
  kept: number
  needed: number
  /** bytes that they took */
  freed: number
}

/**
 * Removes those of a machine's backups that a rule does not keep and, unless there is no host, what QEMU notes in the machine for
 * them alone. Whoever calls has the machine's name for itself.
 * @throws BayError `not-found`; the signal's reason, between two backups
 */
export async function pruneBackups(
  connection: Connection | null, store: BackupStore, vm: string, options: PruneOptions,
): Promise<Pruned> {
  const { keep, now, dryRun, signal, note } = options
  const there = store.of(vm)
  if (there.length === 0) throw noBackups(store, vm)
  const { remove, keep: stay, needed } = planPrune(there, keep, now)
  const freed = remove.reduce((sum, { files }) => sum + files.bytes(), 0)
  if (!dryRun && remove.length > 0) {
    const about = { command: 'backup prune', name: vm }
    using journal = connection === null ? journalHere(about) : journalFor(connection, about)
    for (const backup of remove) {
      signal.throwIfAborted()
      await store.remove([backup], journal)
    }
    if (connection !== null) await forgetNotes(connection, remove, note)
  }
  return { deleted: remove.map(({ name }) => name), kept: stay.length, needed: needed.length, freed }
}

function noBackups({ shown }: BackupStore, vm: string): BayError {
  return new BayError('not-found', `there is no backup of ${vm} in ${shown}`, { hints: [sh`bay backup list --from=${shown}`] })
}

/** No later backup builds on these checkpoints, and each costs the guest's writing a little. */
async function forgetNotes(connection: Connection, removed: readonly WholeBackup[], note: (text: string) => void): Promise<void> {
  for (const uuid of new Set(removed.map(({ manifest }) => manifest.uuid))) {
    using domain = unlessGone(() => connection.domainByUuid(uuid), failure.noDomain)
    if (domain === null) continue
    const own = removed.filter(({ manifest }) => manifest.uuid === uuid)
    const names = own.flatMap(({ manifest }) => manifest.checkpoint ?? []).filter((name) => hasCheckpoint(domain, name))
    try {
      if (names.length > 0) await forgetAll(connection, domain, names)
    } catch (error) {
      if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
      note(`the checkpoints ${names.join(', ')} stay in ${domain.name()}: ${error.message}`)
    }
  }
}

/** Only QEMU can remove them from the disks, so one that is off is started once, without letting its guest run. */
async function forgetAll(connection: Connection, domain: Domain, names: readonly string[]): Promise<void> {
  const made = { uuid: domain.uuid(), name: domain.name() }
  using journal = journalFor(connection, { command: 'backup prune', name: made.name })
  await using passing = new Rollback(undefined, journal)
  if (!domain.isActive() && !domain.hasSavedState()) {
    await passing.make(connection, { kind: 'paused', ...made }, () => domain.start(start.paused))
  }
  for (const name of names) await forgetCheckpoint(domain, name)
}
