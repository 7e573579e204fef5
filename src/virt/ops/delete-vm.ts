import { setImmediate as turn } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { storedDefinition } from './change-definition.js'
import { lockName } from './host-lock.js'
import { recordChange, type Recording } from './history.js'
import { journalFor, type Journal } from './journal.js'
import { isLoss, isRefusal } from './lost.js'
import type { VmDeletion } from './plan-deletion.js'
import { describeUndo, isThere, undo, type UndoRecord } from './undo.js'

/**
 * Deletes a machine as planned: stops it if it runs, then its definition with NVRAM, saved state, snapshots and TPM, then
 * what goes with it. The definition goes first: a disk without a machine can be found again, the other is broken. All of it
 * is written down before, so that `bay recover` finishes what a killed run has begun. Whoever calls has the machine's name
 * for itself. Until the definition goes a signal ends it; from then on it is finished first.
 * @throws BayError `left-behind` when something cannot be deleted, `interrupted` or `terminated`; VirtError when nothing was
 */
export async function deleteVm(connection: Connection, plan: VmDeletion, signal?: AbortSignal): Promise<void> {
  const { name, persistent } = plan
  using journal = journalFor(connection, { command: 'vm delete', name })
  const stopped = plan.running && persistent
  if (stopped) await pullPlug(connection, plan, journal)
  await refuseInterrupted(signal, `${name} is not deleted${stopped ? ', but stopped' : ''}`)
  const [machine, ...belongings] = goes(plan)
  // Before the journal: a failure from then on would leave a removal that nobody has begun for bay recover to finish.
  using record = persistent ? recordDeletion(connection, plan) : null
  const [first, ...rest] = await journal?.planRemoval([machine, ...belongings]) ?? []
  await removeMachine(connection, machine, belongings, { journal, steps: [first, ...rest].filter((step) => step !== undefined) })
  record?.keep(null)
  if (first !== undefined) journal?.done(first)
  await removeBelongings(connection, name, belongings.map((record, index) => ({ record, step: rest[index] })), journal)
  if (first !== undefined) journal?.over(first)
  await refuseInterrupted(signal, `${name} is deleted, with all that goes with it`)
}

/** What is deleted: the machine, and then whatever belongs to nobody else. A transient machine has nothing but its run. */
function goes({ name, uuid, persistent, release, filters, delete: volumes }: VmDeletion): [Machine, ...UndoRecord[]] {
  return [
    { kind: persistent ? 'domain' : 'running', uuid, name },
    ...release.map((reservation): UndoRecord => ({ kind: 'reservation', ...reservation })),
    ...filters.map((filter): UndoRecord => ({ kind: 'generated-filter', ...filter })),
    ...volumes.map(({ pool, poolUuid, name: volume }): UndoRecord => ({ kind: 'volume', pool, poolUuid, name: volume })),
  ]
}

function recordDeletion(connection: Connection, { uuid }: VmDeletion): Recording {
  using domain = connection.domainByUuid(uuid)
  return recordChange(connection, domain, { command: 'vm delete', before: storedDefinition(domain) })
}

type Machine = Extract<UndoRecord, { kind: 'domain' | 'running' }>

/** A machine that is off is whole, so nothing is left behind when this fails. */
async function pullPlug(connection: Connection, { name, uuid }: VmDeletion, journal?: Journal): Promise<void> {
  const running: UndoRecord = { kind: 'running', uuid, name }
  const steps = await journal?.planRemoval([running]) ?? []
  try {
    await undo(connection, running)
  } finally {
    journal?.over(...steps)
  }
}

interface Written { journal?: Journal, steps: readonly number[] }

async function removeMachine(
  connection: Connection, machine: Machine, belongings: readonly UndoRecord[], { journal, steps }: Written,
): Promise<void> {
  let asked = false
  try {
    await undo(connection, machine)
    asked = true
    if (!isThere(connection, { ...machine, kind: 'running' })) return
  } catch (error) {
    // Of a machine without belongings nothing can be left behind.
    const unsure = belongings.length > 0 && (asked || !isRefusal(error))
    if (!unsure) journal?.over(...steps)
    throw unsure ? perhapsDeleted(machine, belongings, error) : error
  }
  throw startedMeanwhile(machine)
}

interface Belonging { record: UndoRecord, step: number | undefined }

async function removeBelongings(
  connection: Connection, name: string, belongings: readonly Belonging[], journal?: Journal,
): Promise<void> {
  const failures: { record: UndoRecord, error: unknown }[] = []
  for (const { record, step } of belongings) {
    const lost = failures.find(({ error }) => isLoss(error))
    try {
      if (lost) throw lost.error
      // Until it is crossed out nobody may make such a volume anew.
      using _lock = record.kind === 'volume' ? await lockName(connection.uri(), 'vol', `${record.pool}/${record.name}`) : null
      await undo(connection, record)
      if (step !== undefined) journal?.over(step)
    } catch (error) {
      failures.push({ record, error })
    }
  }
  if (failures.length > 0) throw notAll(name, failures)
}

/** A signal that came during a synchronous call is heard only when the event loop turns. */
async function refuseInterrupted(signal: AbortSignal | undefined, state: string): Promise<void> {
  await turn()
  const reason: unknown = signal?.aborted ? signal.reason : undefined
  if (reason instanceof BayError) throw new BayError(reason.code, `${reason.code}; ${state}`)
  signal?.throwIfAborted()
}

function notAll(name: string, failures: readonly { record: UndoRecord, error: unknown }[]): BayError {
  const what = failures.map(({ record, error }) => `${describeUndo(record).leaves} (${messageOf(error)})`)
  return new BayError('left-behind', `the machine ${name} is deleted, but not all that goes with it: ${what.join(', ')}`, {
    hints: ['bay recover', ...failures.map(({ record }) => describeUndo(record).removeBy)],
  })
}

function perhapsDeleted({ name }: Machine, belongings: readonly UndoRecord[], error: unknown): BayError {
  const left = belongings.map((record) => describeUndo(record).leaves).join(', ')
  return new BayError('left-behind', `${messageOf(error)}; the machine ${name} is perhaps deleted, and then this is left behind: ${left}`, {
    hints: ['bay recover', sh`bay vm delete --yes ${name}`],
  })
}

function startedMeanwhile({ name }: Machine): BayError {
  return new BayError('left-behind', `somebody has started ${name} meanwhile: it runs on, without a definition, and keeps its disks`, {
    hints: [sh`bay vm stop --force ${name}`, 'bay recover'],
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
