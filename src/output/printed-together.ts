import { setImmediate } from 'node:timers/promises'
import { writeOut } from './streams.js'

/** What a reader waits for without noticing (ms). */
const unnoticed = 50

/** Results that come one after another, written together: each write costs more than many a result. */
export class PrintedTogether implements AsyncDisposable {
  #text = ''
  #since = Date.now()

  async add(text: string): Promise<void> {
    this.#text += text
    if (Math.abs(Date.now() - this.#since) > unnoticed) await this.flush()
  }

  /** Writes what there is, before a wait for more. Signals are heard then: what only calls C gives them no time. */
  async flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    await writeOut(text)
    await setImmediate()
    this.#since = Date.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await writeOut(this.#text)
  }
}
