import { StringDecoder } from 'node:string_decoder'
import { withoutSteering } from './console-lines.js'

/** One step of a script on a console: wait for what it shows, or type something. */
export type ConsoleStep = { until: RegExp } | { send: Buffer }

/** How much (characters) of what has been shown a pattern is looked for in. */
const window = 64 * 1024

/** A script on a console: each pattern is looked for in what came after the one before. */
export class ConsoleSteps {
  readonly #steps: ConsoleStep[]
  readonly #decoder = new StringDecoder('utf8')
  #heard = ''
  #fresh = false

  constructor(steps: readonly ConsoleStep[]) {
    this.#steps = [...steps]
  }

  get over(): boolean { return this.#steps.length === 0 }

  /** The pattern that is waited for; undefined when none is. */
  get awaited(): RegExp | undefined {
    const [step] = this.#steps
    return step && 'until' in step ? step.until : undefined
  }

  hear(bytes: Buffer): void {
    this.#heard = (this.#heard + this.#decoder.write(bytes)).slice(-window)
    this.#fresh = true
  }

  /** Takes the steps that can be taken now; gives what is to be typed. */
  take(): Buffer {
    const typed: Buffer[] = []
    for (let [step] = this.#steps; step; [step] = this.#steps) {
      if ('until' in step && !this.#found(step.until)) break
      if ('send' in step) typed.push(step.send)
      this.#steps.shift()
      this.#fresh = true
    }
    this.#fresh = false
    return Buffer.concat(typed)
  }

  #found(pattern: RegExp): boolean {
    if (!this.#fresh) return false
    const text = withoutSteering(this.#heard)
    const match = pattern.exec(text)
    if (!match) return false
    this.#heard = text.slice(match.index + match[0].length)
    return true
  }
}
