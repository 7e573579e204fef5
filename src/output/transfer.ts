import { formatSize } from '../units.js'
import { Progress, type ProgressSink } from './progress.js'
import { useColor } from './streams.js'

type Lines = Pick<Progress, 'step' | 'note' | 'end'>

/**
 * Steps that move bytes: how many, of how many, how fast. A terminal sees it move; elsewhere a line every five seconds is
 * enough for a log.
 */
export class Transfer implements Disposable {
  readonly #progress: Lines
  readonly #every: number
  #step = ''
  #from: { at: number, done: number } | null = null
  #shown = 0

  /** `every` is how often bytes are shown, in milliseconds; `progress` is where, when the steps are part of a longer work. */
  constructor({ quiet, sink, every, progress }: { quiet: boolean, sink?: ProgressSink, every?: number, progress?: Lines }) {
    this.#progress = progress ?? new Progress({ quiet, ...sink && { sink } })
    this.#every = every ?? (useColor(process.stderr) ? 200 : 5000)
  }

  /** What begins now, such as `downloading debian-12.qcow2`. */
  step(text: string): void {
    this.#step = text
    this.#from = null
    this.#progress.step(text)
  }

  /** A line that stays. */
  note(text: string): void {
    this.#progress.note(text)
  }

  /** How many bytes of the step's are done; total is null when nobody knows. */
  moved(done: number, total: number | null): void {
    const now = performance.now()
    // What was there before counts for the part that is done, not for the rate. Less than before is a new beginning.
    if (this.#from === null || done < this.#from.done) {
      this.#from = { at: now, done }
      this.#shown = now
    }
    if (now - this.#shown < this.#every) return
    this.#shown = now
    const rate = (done - this.#from.done) / Math.max((now - this.#from.at) / 1000, 0.001)
    const part = total === null ? formatSize(done) : `${formatSize(done)} of ${formatSize(total)} (${Math.floor(100 * done / Math.max(total, 1))}%)`
    this.#progress.step(`${this.#step}: ${part}, ${formatSize(rate)}/s`)
  }

  [Symbol.dispose](): void {
    this.#progress.end()
  }
}
