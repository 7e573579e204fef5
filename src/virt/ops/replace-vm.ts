import { posix } from 'node:path'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { checkpointMetadata, domainXml, snapshotDelete } from '../flags.js'
import { redefine, storedDefinition } from './change-definition.js'
import { unlessGone } from './gone.js'
import { lockName } from './host-lock.js'
import { journalFor } from './journal.js'
import { planDeletion, type VmDeletion } from './plan-deletion.js'
import type { Rollback } from './rollback.js'
import { undo, type UndoRecord } from './undo.js'
import { nvramOf } from './undo-nvram.js'
import { VolumeUse } from './volume-use.js'

export interface ToReplace extends Pick<VmDeletion, 'name' | 'uuid' | 'delete'> {
  nvram: Pick<DomainDescription, 'nvram' | 'firmware' | 'name'>
}

const command = 'backup restore'

/** A machine that is to be replaced, and what goes with it; null when there is none. @throws BayError `wrong-state` */
export function toReplace(connection: Connection, name: string, { force }: { force: boolean }): ToReplace | null {
  using domain = unlessGone(() => connection.domain(name), failure.noDomain)
  if (domain === null) return null
  if (!domain.isPersistent()) throw new BayError('wrong-state', `${name} has no definition that could be replaced`, { hints: [sh`bay vm stop ${name}`] })
  if (domain.isActive() && !force) {
    throw new BayError('wrong-state', `${name} is running`, { hints: [sh`bay vm stop ${name}`, 'or --force, which pulls its plug once the new disks are whole'] })
  }
  const plan = planDeletion(connection, domain, VolumeUse.read(connection))
  return { name, uuid: plan.uuid, delete: plan.delete, nvram: readDomain(domain.xml(domainXml.inactive)) }
}

/**
 * Gives a machine another definition, with new disks that are whole, and deletes those that it had, with its snapshots, checkpoints
 * and saved memory: the volumes that are gone, as POOL/NAME. What a killed run leaves of them `bay recover` removes; it keeps what
 * the machine then uses.
 */
export async function replaceVm(
  connection: Connection, old: ToReplace, { xml, nvram }: { xml: string, nvram: string | null },
  { rollback, signal, step }: { rollback: Rollback, signal: AbortSignal, step: (text: string) => void },
): Promise<string[]> {
  using domain = connection.domainByUuid(old.uuid)
  const before = nvram === null ? null : nvramOf(old.nvram, posix.dirname(nvram))
  const goes: UndoRecord[] = [
    ...old.delete.map(({ pool, poolUuid, name }): UndoRecord => ({ kind: 'volume', pool, poolUuid, name })),
    ...before === null || before === nvram ? [] : [{ kind: 'nvram', path: before } as const],
  ]
  using journal = journalFor(connection, { command, name: old.name })
  const steps = await journal?.planRemoval(goes) ?? []
  try {
    await turnOff(domain, step)
    // From here to `keep` no signal is heard: the machine must not lose the disks that it has just got.
    signal.throwIfAborted()
    using _now = redefine(connection, domain, xml, { command, before: storedDefinition(domain) })
  } catch (error) {
    journal?.over(...steps)
    throw error
  }
  rollback.keep()
  step('deleting what it had')
  await forgetState(domain)
  const use = VolumeUse.read(connection)
  const deleted: string[] = []
  for (const [index, record] of goes.entries()) {
    const volume = old.delete[index]
    using _lock = volume ? await lockName(connection.uri(), 'vol', `${volume.pool}/${volume.name}`) : null
    if (volume && (use.machinesOn(volume).length > 0 || use.layersOver(volume).length > 0)) continue
    await undo(connection, record)
    if (volume) {
      use.forget(volume)
      deleted.push(`${volume.pool}/${volume.name}`)
    }
  }
  journal?.over(...steps)
  return deleted
}

/** Memory that goes with the old disks would spoil the new ones. */
async function turnOff(domain: Domain, step: (text: string) => void): Promise<void> {
  if (domain.isActive()) {
    step('pulling its plug')
    await domain.destroy()
  }
  if (domain.hasSavedState()) domain.discardSavedState()
}

/** Nothing of it is in the new disks. */
async function forgetState(domain: Domain): Promise<void> {
  using snapshots = domain.snapshots()
  for (const snapshot of snapshots) await snapshot.delete(snapshotDelete.metadataOnly)
  using checkpoints = domain.checkpoints()
  for (const checkpoint of checkpoints) unlessGone(() => checkpoint.delete(checkpointMetadata), failure.noCheckpoint)
}
