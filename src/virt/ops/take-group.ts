import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { mustHaveAgent } from './agent.js'
import { makeLayers, snap, usesLayers } from './create-snapshot.js'
import { deleteSnapshot } from './delete-snapshot.js'
import { freeze } from './freeze.js'
import { Held, lockMachines } from './held.js'
import { journalFor } from './journal.js'
import { planSnapshot, type SnapshotPlan } from './plan-snapshot.js'
import { Rollback } from './rollback.js'
import { takeLayerBack } from './undo-snapshot.js'
import { inWords, tooOld, type TakenSnapshot, type TakeOptions } from './take-snapshot.js'

export interface GroupOptions extends TakeOptions {
  group: string
  note: (text: string) => void
}

export interface TakenGroup {
  /** seconds between the first and the last of the snapshots */
  skew: number
  /** by the machines' names */
  snapshots: Map<string, TakenSnapshot & { group: string, taken: string | null, skew: number }>
}

interface Member { vm: string, domain: Domain, plan: SnapshotPlan, quiesced: boolean, taken: number | null }

/**
 * Takes a snapshot of several machines in one moment, as far as that goes: all file systems whose agent is connected are held,
 * then all snapshots are taken, then they are let go. All or nothing: when one fails, those that were taken are taken back.
 * @throws the error of the machine that failed; BayError `left-behind`, `busy`; the signal's reason
 */
export async function takeGroup(connection: Connection, names: readonly string[], options: GroupOptions): Promise<TakenGroup> {
  const vms = [...new Set(names)].sort()
  using held = options.dryRun ? new Held() : await lockMachines(connection, vms, options.signal)
  const members = vms.map((vm) => member(connection, held, vm, options))
  if (!options.dryRun) await takeAll(connection, members, options)
  const times = members.flatMap(({ taken }) => taken ?? [])
  const skew = times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000
  const snapshots: TakenGroup['snapshots'] = new Map()
  for (const each of members) snapshots.set(each.vm, { ...await settled(connection, each, options), skew })
  return { skew, snapshots }
}

function member(connection: Connection, held: Held, vm: string, { quiesce, ...wanted }: GroupOptions): Member {
  try {
    const domain = held.add(connection.domain(vm))
    // Memory takes long, and would be of a guest that is held.
    const plan = planSnapshot(connection, domain, { ...wanted, memory: wanted.memory ?? false })
    if (quiesce && plan.running && !plan.memory) mustHaveAgent(domain)
    return { vm, domain, plan, quiesced: plan.running && !plan.memory && (quiesce ?? plan.agent), taken: null }
  } catch (error) {
    throw of(vm, error)
  }
}

async function takeAll(connection: Connection, members: readonly Member[], options: GroupOptions): Promise<void> {
  const { group, signal, step, auto, description } = options
  using journal = journalFor(connection, { command: 'snapshot create', name: `group ${group}` })
  await using rollback = new Rollback(signal, journal)
  for (const { vm, plan } of members) {
    await makeLayers(connection, plan, rollback, { signal, step }).catch((error: unknown) => { throw of(vm, error) })
  }
  {
    // They are let go whatever comes of it.
    await using frozen = new Rollback(undefined, journal)
    for (const each of members.filter(({ quiesced }) => quiesced)) await hold(connection, each, frozen, options)
    for (const each of members) {
      const { vm, domain, plan } = each
      step(`taking the snapshot of ${vm}`)
      try {
        await snap(connection, domain, plan, { description, mark: { auto, group }, quiesce: false, rollback, journal })
        each.taken = Date.now()
      } catch (error) {
        throw of(vm, await withoutLayers(connection, each, rollback, error))
      }
    }
  }
  rollback.keep()
}

/** Some failures come after the machine has gone over to its layers: then it must go back before those are removed. */
async function withoutLayers(
  connection: Connection, { vm, domain, plan }: Member, rollback: Rollback, error: unknown,
): Promise<unknown> {
  if (error instanceof BayError && error.code === 'cannot-connect') return error
  if (!usesLayers(domain, plan)) return error
  for (const { target, path, backing } of plan.layers) {
    await takeLayerBack(connection, domain, { target, layer: path, base: backing.path }).catch(() => undefined)
  }
  if (!usesLayers(domain, plan)) return error
  rollback.keep()
  return new BayError('left-behind', `${vm} stays on its new layers, and the others have their snapshots: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error, hints: [sh`bay vm show ${vm}`, 'bay snapshot list'],
  })
}

/** Without its agent's help a disk is as after a power cut, which is said, unless it was asked for. */
async function hold(
  connection: Connection, each: Member, frozen: Rollback, { quiesce, step, note }: GroupOptions,
): Promise<void> {
  const { vm, domain } = each
  step(`asking ${vm} to hold its file systems`)
  try {
    await frozen.make(connection, { kind: 'frozen', uuid: domain.uuid(), name: vm }, () => freeze(domain))
  } catch (error) {
    if (quiesce === true || !(error instanceof BayError) || error.code === 'cannot-connect') throw of(vm, error)
    each.quiesced = false
    note(`${vm}: not quiesced: ${error.message}`)
  }
}

/** What is told of one machine, once older ones have gone by the rule. */
async function settled(connection: Connection, { vm, domain, plan, quiesced, taken }: Member, options: GroupOptions) {
  const { name, keep, now, auto, dryRun, group } = options
  const old = keep ? tooOld(domain, keep, { name, now, auto, group }) : []
  if (!dryRun) for (const each of old) await deleteSnapshot(connection, domain, each, options)
  const [did, gone] = dryRun ? ['would be taken', 'would be deleted'] : ['taken', 'deleted']
  return {
    changed: true as const, snapshot: name, group, kind: plan.kind, memory: plan.memory, quiesced, deleted: old,
    layers: plan.layers.map(({ path }) => path), taken: taken === null ? null : new Date(taken).toISOString(),
    said: [`snapshot ${name} ${did} in group ${group} (${inWords(plan, quiesced)})`, ...old.map((each) => `${each} ${gone}`)].join('; '),
    vm,
  }
}

/** The same error, with the machine's name. */
function of(vm: string, error: unknown): unknown {
  if (!(error instanceof BayError) || error.message.includes(vm)) return error
  return new BayError(error.code, `${vm}: ${error.message}`, { cause: error, hints: error.hints })
}
