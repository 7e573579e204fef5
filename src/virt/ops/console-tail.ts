import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import type { Stream } from '../stream.js'
import { consoleLines } from './console-lines.js'

/** How often (ms) what a console has said is fetched, and how much (bytes) of it at most at a time. */
const fetchEvery = 100
const fetchMost = 256 * 1024
const keep = 16 * 1024

/**
 * The last that a machine says on its serial console, from now on. A console has one reader: when somebody else has it, this
 * goes without, and whoever wants it meanwhile can take it away (`virsh console --force`). Dispose of it to close the console.
 */
export class ConsoleTail implements Disposable {
  #stream: Stream | undefined
  #timer: NodeJS.Timeout | undefined
  #tail = Buffer.alloc(0)
  /** why nothing is known of what it says; null when something may be */
  unknown: string | null = null

  /** What cannot be read is `unknown`. */
  constructor(domain: Domain) {
    try {
      this.#stream = domain.openConsole()
      this.#timer = setInterval(() => this.#fetch(), fetchEvery)
    } catch (error) {
      if (!(error instanceof VirtError)) throw error
      this.unknown = error.message
    }
  }

  /** What it has said last: some whole lines, without what steers a terminal. */
  lines(): string[] {
    this.#fetch()
    return consoleLines(this.#tail)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    const stream = this.#stream
    this.#stream = undefined
    try {
      stream?.[Symbol.dispose]()
    } catch (error) {
      // The console went with its machine, or with the connection.
      if (!(error instanceof VirtError)) throw error
    }
  }

  #fetch(): void {
    const piece = Buffer.allocUnsafe(64 * 1024)
    try {
      for (let fetched = 0; this.#stream && fetched < fetchMost;) {
        const length = this.#stream.receive(piece)
        if (length === null) return
        if (length === 0) return this[Symbol.dispose]()
        fetched += length
        this.#tail = Buffer.concat([this.#tail, piece.subarray(0, length)]).subarray(-keep)
      }
    } catch (error) {
      if (!(error instanceof VirtError)) throw error
      this[Symbol.dispose]()
    }
  }
}
