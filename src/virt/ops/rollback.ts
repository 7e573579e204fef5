import { setImmediate as turn } from 'node:timers/promises'
import { BayError } from '../../errors.js'

interface Step {
  /** What is left behind if the undo fails, and the command that removes it. */
  leaves: string
  removeBy: string
  undo: () => void | Promise<void>
}

/**
 * The undo of each step that was taken, run in reverse unless `keep` is called: `await using`, so that every way out of
 * the block, an interrupt too, passes here. What cannot be undone is named in one error, with exit code 9.
 */
export class Rollback implements AsyncDisposable {
  readonly #steps: Step[] = []
  readonly #signal: AbortSignal | undefined

  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  /**
   * Takes a step: refuses when interrupted, runs it, and remembers how to undo it. A step during which the host was lost
   * counts too: the host may have taken it all the same, or take it once it runs again.
   */
  async step<T>(run: () => T | Promise<T>, undo: () => Step): Promise<T> {
    this.#signal?.throwIfAborted()
    const result = await this.#run(run, undo)
    this.#steps.push(undo())
    // A signal that came during a synchronous call is heard only when the event loop turns.
    await turn()
    return result
  }

  /** All is well: nothing will be undone. */
  keep(): void {
    this.#signal?.throwIfAborted()
    this.#steps.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: Failure[] = []
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step.undo()
      } catch (error) {
        failures.push({ step, error })
      }
    }
    if (failures.length > 0) throw leftBehind(failures)
  }

  async #run<T>(run: () => T | Promise<T>, undo: () => Step): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (error instanceof BayError && error.code === 'cannot-connect') this.#steps.push(perhaps(undo()))
      throw error
    }
  }
}

interface Failure { step: Step, error: unknown }

/** The undo of what was perhaps not done. */
function perhaps(step: Step): Step {
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
  return new BayError('left-behind', `left behind: ${what.join(', ')}`, { hints: failures.map(({ step }) => step.removeBy) })
}
