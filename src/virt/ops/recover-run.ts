import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import type { JournalContent, JournalStep } from './journal-lines.js'
import { macOwner } from './mac-owner.js'
import { describeUndo, isThere, undo } from './undo.js'
import { machinesWithNvram } from './undo-nvram.js'
import { findVolume, refreshPool } from './undo-volume.js'
import { VolumeUse } from './volume-use.js'

/** What became of what one step of a dead run made. */
export interface RecoveredStep {
  what: string
  /** `gone`: it was not there; `undone`: it was there and is no more; `kept`: it is somebody's; `left`: it cannot be undone */
  result: 'gone' | 'undone' | 'kept' | 'left'
  /** why it is kept or left */
  why?: string
  /** the command that removes what is left */
  removeBy?: string
}

/** Milliseconds between two looks. */
const betweenLooks = 1000
const mostLooks = 10

/**
 * Undoes all that a dead run made, the last first, or removes what it was to remove; a dry run only tells. What the daemon was
 * asked by a run it does even when that is dead, so unless the host had answered every call, it is over once two looks agree.
 */
export async function recoverRun(
  connection: Connection, content: JournalContent, { dryRun }: { dryRun: boolean },
): Promise<Map<JournalStep, RecoveredStep>> {
  const steps = content.removes ? content.steps : content.steps.toReversed()
  if (content.removes && await isStillThere(connection, content)) return keepAll(content, 'the machine is there, and was not deleted')
  if (!content.removes && isAdopted(connection, content)) return keepAll(content, 'somebody else has started the machine')
  const results = new Map<JournalStep, RecoveredStep>(steps.map((step) => [step, { what: leaves(step), result: 'gone' }]))
  const answered = steps.every(({ done }) => done)
  for (let look = 1; look <= mostLooks; look += 1) {
    const now = await lookOnce(connection, steps, { dryRun })
    for (const [step, result] of now) results.set(step, both(results.get(step), result))
    const seen = [...now.values()].map(({ result }) => result)
    if (dryRun || (look === 1 ? answered && !seen.includes('left') : !seen.includes('undone'))) break
    await pause(betweenLooks)
  }
  return results
}

/** Of two looks; what could not be undone at the first, and is gone at the second, is undone. */
function both(before: RecoveredStep | undefined, now: RecoveredStep): RecoveredStep {
  if (now.result !== 'gone' || before === undefined) return now
  return before.result === 'left' ? { what: now.what, result: 'undone' } : before
}

/** What becomes of a run of which nothing is to be undone. */
export function keepAll({ steps }: JournalContent, why: string): Map<JournalStep, RecoveredStep> {
  return new Map(steps.toReversed().map((step) => [step, { what: leaves(step), result: 'kept', why }]))
}

/**
 * Whether the machine is there that was to be deleted, so that nothing of it is. If the host was asked to and has not
 * answered, it may still do it. What is there although the host had answered was defined anew.
 */
async function isStillThere(connection: Connection, { steps }: JournalContent): Promise<boolean> {
  const domains = steps.flatMap(({ undo: each, done }) => each.kind === 'domain' || each.kind === 'running' ? { ...each, done } : [])
  const there = () => domains.some(({ uuid, name }) => isThere(connection, { kind: 'domain', uuid, name }))
  if (!there()) return false
  if (domains.every(({ done }) => done)) return true
  await pause(betweenLooks)
  return there()
}

/** Whether the machine runs although the run died before it would have started it. */
function isAdopted(connection: Connection, { steps }: JournalContent): boolean {
  const domain = steps.map((step) => step.undo).find((each) => each.kind === 'domain')
  const mayRun = steps.some((step) => step.undo.kind === 'running' || step.undo.kind === 'autostart')
  return domain !== undefined && !mayRun && isThere(connection, { ...domain, kind: 'running' })
}

/** Looks at each thing, and removes what is there and ours. */
async function lookOnce(
  connection: Connection, steps: readonly JournalStep[], { dryRun }: { dryRun: boolean },
): Promise<Map<JournalStep, RecoveredStep>> {
  const results = new Map<JournalStep, RecoveredStep>()
  for (const step of steps) {
    const what = leaves(step)
    const left = (why: string): RecoveredStep => ({ what, result: 'left', why, removeBy: describeUndo(step.undo).removeBy })
    try {
      if (!dryRun && !step.done && step.undo.kind === 'volume') await refreshPool(connection, step.undo)
      // The steps come last first, so the run's own machine is gone by now if it could be removed.
      const own = steps.flatMap(({ undo: each }) => each.kind === 'domain' && isThere(connection, each) ? each.name : [])
      const users = whoUses(connection, step, own)
      const others = users?.filter((user) => !own.includes(user)) ?? []
      if (users === null) results.set(step, { what, result: 'gone' })
      else if (others.length > 0) results.set(step, { what, result: 'kept', why: `${others.join(', ')} uses it` })
      else if (users.length > 0 && !dryRun) results.set(step, left(`the machine ${own.join()} is still there`))
      else results.set(step, dryRun ? { what, result: 'undone' } : await undone(connection, step, left))
    } catch (error) {
      results.set(step, left(reason(error)))
    }
  }
  return results
}

async function undone(connection: Connection, step: JournalStep, left: (why: string) => RecoveredStep): Promise<RecoveredStep> {
  try {
    await undo(connection, step.undo)
  } catch (error) {
    // Another call, such as the dead run's own, may have been faster.
    if (isThere(connection, step.undo)) return left(reason(error))
  }
  return { what: leaves(step), result: 'undone' }
}

/** The machines and volumes that build on it; null when it is not there. Nothing in a volume says who made it. */
function whoUses(connection: Connection, { undo: made }: JournalStep, own: readonly string[]): string[] | null {
  if (made.kind === 'reservation' && isThere(connection, made)) {
    // The card may be another machine's by now; the run's own machine goes after its address.
    const owner = macOwner(connection, made.mac)
    return owner === undefined || own.includes(owner) ? [] : [owner]
  }
  if (made.kind === 'nvram' && isThere(connection, made)) return machinesWithNvram(connection, made.path)
  if (made.kind !== 'volume') return isThere(connection, made) ? [] : null
  using volume = findVolume(connection, made)
  if (volume === null) return null
  const place = { ...made, path: volume.path() }
  const use = VolumeUse.read(connection)
  return [...use.machinesOn(place), ...use.layersOver(place)]
}

function leaves(step: JournalStep): string {
  return describeUndo(step.undo).leaves
}

/** A host that was lost says nothing of what is there. */
function reason(error: unknown): string {
  if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
  return error.message
}
