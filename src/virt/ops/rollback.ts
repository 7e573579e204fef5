import { setImmediate as turn } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import type { Journal } from './journal.js'
import { isLoss, isRefusal } from './lost.js'
import { describeUndo, undo, type UndoRecord } from './undo.js'

interface Step {
  /** What is left behind if the undo fails, and the command that removes it. */
  leaves: string
  removeBy: string
  undo: () => void | Promise<void>
}

interface TakenStep extends Step {
  /** its number in the journal */
  number?: number
}

/**
 * The undo of each step that was taken, run in reverse unless `keep` is called: `await using`, so that every way out of
 * the block, an interrupt too, passes here. What cannot be undone is named in one error, with exit code 9. What `make`
 * makes is undone by `bay recover` when the run is killed.
 */
export class Rollback implements AsyncDisposable {
  readonly #steps: TakenStep[] = []
  readonly #signal: AbortSignal | undefined
  readonly #journal: Journal | undefined

  constructor(signal?: AbortSignal, journal?: Journal) {
    this.#signal = signal
    this.#journal = journal
  }

  /**
   * Makes something on the host that must not be left behind: writes down how it is undone, and makes it. Only what libvirt
   * itself refuses is not undone: after anything else, such as a lost connection, the host may have done it all the same.
   * The run itself may know more than the record, and `undoHere` then undoes it instead.
   */
  async make<T>(connection: Connection, record: UndoRecord, run: () => T | Promise<T>, undoHere?: () => void): Promise<T> {
    this.#signal?.throwIfAborted()
    const number = await this.#journal?.plan(record)
    const step = { ...describeUndo(record), undo: undoHere ?? (() => undo(connection, record)), number }
    return this.#take(run, () => step, (error) => isRefusal(error))
  }

  /**
   * Takes a step that leaves nothing behind when the run is killed, or nothing that anybody but this run could mend: refuses
   * when interrupted, runs it, and remembers how to undo it.
   */
  async step<T>(run: () => T | Promise<T>, undoing: () => Step): Promise<T> {
    this.#signal?.throwIfAborted()
    return this.#take(run, undoing, (error) => !isLoss(error))
  }

  /** All is well: nothing will be undone. */
  keep(): void {
    this.#signal?.throwIfAborted()
    this.#journal?.complete()
    this.#steps.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: Failure[] = []
    const undone: number[] = []
    for (const step of this.#steps.splice(0).reverse()) {
      const [above] = failures
      // What could not be undone stands on what was made before it: a guest that still runs must keep its disk.
      if (above) {
        failures.push({ step, error: above.error })
        continue
      }
      try {
        await step.undo()
        if (step.number !== undefined) undone.push(step.number)
      } catch (error) {
        failures.push({ step, error })
      }
    }
    try {
      this.#journal?.over(...undone)
    } catch (error) {
      failures.push({ step: { leaves: 'a journal', removeBy: 'bay recover', undo: () => undefined }, error })
    }
    if (failures.length > 0) throw leftBehind(failures)
  }

  async #take<T>(run: () => T | Promise<T>, undoing: () => TakenStep, wasNotTaken: (error: unknown) => boolean): Promise<T> {
    const result = await this.#run(run, undoing, wasNotTaken)
    const step = undoing()
    this.#steps.push(step)
    if (step.number !== undefined) this.#journal?.done(step.number)
    // A signal that came during a synchronous call is heard when the event loop polls, which the first turn may have behind it.
    await turn()
    await turn()
    return result
  }

  async #run<T>(run: () => T | Promise<T>, undoing: () => TakenStep, wasNotTaken: (error: unknown) => boolean): Promise<T> {
    try {
      return await run()
    } catch (error) {
      const step = undoing()
      if (!wasNotTaken(error)) this.#steps.push(perhaps(step))
      else if (step.number !== undefined) this.#journal?.over(step.number)
      throw error
    }
  }
}

interface Failure { step: TakenStep, error: unknown }

/** The undo of what was perhaps not done. */
function perhaps(step: TakenStep): TakenStep {
  return {
    ...step,
    leaves: `perhaps ${step.leaves}`,
    undo: async () => {
      try {
        await step.undo()
      } catch (error) {
        if (!(error instanceof BayError) || error.code !== 'not-found') throw error
      }
    },
  }
}

function leftBehind(failures: readonly Failure[]): BayError {
  const reasons = new Map<string, string[]>()
  for (const { step, error } of failures) {
    const reason = error instanceof Error ? error.message : String(error)
    reasons.set(reason, [...reasons.get(reason) ?? [], step.leaves])
  }
  const what = [...reasons].map(([reason, left]) => `${left.join(', ')} (${reason})`)
  const journaled = failures.some(({ step }) => step.number !== undefined)
  return new BayError('left-behind', `left behind: ${what.join(', ')}`, {
    hints: [...journaled ? ['bay recover'] : [], ...failures.map(({ step }) => step.removeBy)],
  })
}
