import { setImmediate } from 'node:timers/promises'
import { writePast } from './streams.js'

/** What a reader waits for without noticing (ms). */
const unnoticed = 50

/** Results that come one after another, written together: each write costs more than many a result. */
export class PrintedTogether implements AsyncDisposable {
  #text = ''
  #since = Date.now()
  #timer: NodeJS.Timeout | undefined
  #late: Promise<void> | undefined

  async add(text: string): Promise<void> {
    this.#text += text
    if (Math.abs(Date.now() - this.#since) > unnoticed) await this.flush()
    // What comes next may take long.
    else this.#timer ??= setTimeout(() => this.#writeLate(), unnoticed)
  }

  /** Writes what there is, before a wait for more. Signals are heard then: what only calls C gives them no time. */
  async flush(): Promise<void> {
    await this.#write()
    await setImmediate()
    this.#since = Date.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#write()
  }

  /** Whoever writes next hears of an error. */
  #writeLate(): void {
    this.#late = this.#write()
    this.#late.catch(() => undefined)
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const [text, late] = [this.#text, this.#late]
    this.#text = ''
    await late
    await writePast(text)
  }
}
