import { writeSync } from 'node:fs'
import { RawTerminal } from './raw-terminal.js'
import { useColor } from './streams.js'
import { fitWidth } from './width.js'

const enter = '\x1b[?1049h\x1b[?25l'
const leave = '\x1b[?25h\x1b[?1049l'

/**
 * A terminal's second screen, which is drawn again and again, and the keys that are pressed meanwhile. Dispose of it and the
 * terminal is as it was; a process that ends otherwise (an exception that nobody caught) leaves it so as well.
 */
export class LiveScreen implements Disposable {
  readonly #terminal = new RawTerminal()
  readonly #restore = () => { writeSync(process.stdout.fd, leave) }
  readonly #onKey: (bytes: Buffer) => void
  readonly #onResize: () => void
  #held = true

  /** `resized` hears that what is drawn does not fit any more. */
  constructor({ key, resized }: { key: (name: string) => void, resized: () => void }) {
    this.#onKey = (bytes) => { for (const each of bytes.toString('latin1')) key(each) }
    this.#onResize = resized
    process.once('exit', this.#restore)
    process.stdin.on('data', this.#onKey)
    process.stdout.on('resize', this.#onResize)
    process.stdout.write(enter)
  }

  get columns(): number { return process.stdout.columns || 80 }
  get lines(): number { return process.stdout.rows || 24 }

  /** Lines without control characters; what does not fit is cut. The first `marked` lines stand out. */
  draw(lines: readonly string[], marked: number): void {
    const colour = useColor(process.stdout)
    const shown = lines.slice(0, this.lines).map((line, at) => {
      const text = fitWidth(line, this.columns)
      return `${colour && at < marked ? `\x1b[1m${text}\x1b[0m` : text}\x1b[K`
    })
    process.stdout.write(`\x1b[H${shown.join('\r\n')}\x1b[J`)
  }

  [Symbol.dispose](): void {
    if (!this.#held) return
    this.#held = false
    process.stdin.off('data', this.#onKey)
    process.stdin.pause()
    process.stdout.off('resize', this.#onResize)
    process.off('exit', this.#restore)
    this.#restore()
    this.#terminal[Symbol.dispose]()
  }
}
