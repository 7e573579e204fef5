import { escapeControl } from './escape.js'
import { useColor, widthOf, writeErr } from './streams.js'
import { fitWidth } from './width.js'

/** Where progress goes; by default stderr. */
export interface ProgressSink {
  write: (text: string) => void
  /** Whether a line may be replaced: a terminal that understands it. */
  animated: boolean
  /** Columns of the terminal. */
  width: number
}

/**
 * The steps of a command as it goes. On a terminal one line that changes and is gone at the end; elsewhere a line a
 * step. Call `end` (or declare it with `using`) before anything else is written or asked.
 */
export class Progress {
  readonly #quiet: boolean
  readonly #sink: ProgressSink
  #current = ''

  constructor({ quiet, sink = toStderr() }: { quiet: boolean, sink?: ProgressSink }) {
    this.#quiet = quiet
    this.#sink = sink
  }

  /** What begins now, such as `creating volume web-1.qcow2`. */
  step(text: string): void {
    if (this.#quiet) return
    if (!this.#sink.animated) {
      this.#sink.write(`${escapeControl(text)} …\n`)
      return
    }
    this.#clear()
    // A line that wraps could not be replaced.
    this.#current = fitWidth(`${escapeControl(text)} …`, Math.max(2, this.#sink.width - 1))
    this.#sink.write(this.#current)
  }

  /** A line that stays. */
  note(text: string): void {
    if (this.#quiet) return
    const current = this.#current
    this.#clear()
    this.#sink.write(`${escapeControl(text)}\n${current}`)
    this.#current = current
  }

  /** Removes the step that is shown. */
  end(): void {
    this.#clear()
  }

  [Symbol.dispose](): void {
    this.#clear()
  }

  #clear(): void {
    if (this.#current !== '') this.#sink.write('\r\x1b[K')
    this.#current = ''
  }
}

function toStderr(): ProgressSink {
  return { write: writeErr, animated: useColor(process.stderr), width: widthOf(process.stderr) }
}
