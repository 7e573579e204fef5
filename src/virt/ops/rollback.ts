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

  /** Takes a step: refuses when interrupted, runs it, and remembers how to undo it. */
  async step<T>(run: () => T | Promise<T>, undo: (result: T) => Omit<Step, 'undo'> & { undo: () => void | Promise<void> }): Promise<T> {
    this.#signal?.throwIfAborted()
    const result = await run()
    this.#steps.push(undo(result))
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
    const failures: { step: Step, error: unknown }[] = []
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step.undo()
      } catch (error) {
        failures.push({ step, error })
      }
    }
    if (failures.length === 0) return
    throw new BayError('left-behind', `left behind: ${failures.map(({ step, error }) => `${step.leaves} (${String(error)})`).join(', ')}`, {
      hints: failures.map(({ step }) => step.removeBy),
    })
  }
}
