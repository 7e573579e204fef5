import type { FlagWords } from '../machine-flags.js'

/** The flags of a command line that is not complete yet: what was typed, and what was answered since. */
export class Answers {
  readonly #words: Map<string, readonly string[]>

  constructor(typed: FlagWords) {
    this.#words = new Map(typed)
  }

  has(...flags: readonly string[]): boolean {
    return flags.some((flag) => this.#words.has(flag))
  }

  /** The first value of a flag. */
  value(flag: string): string | undefined {
    return this.#words.get(flag)?.[0]?.slice(`--${flag}=`.length)
  }

  say(flag: string, value: string): void {
    this.#words.set(flag, [`--${flag}=${value}`])
  }

  /** A flag without a value. */
  switchOn(flag: string): void {
    this.#words.set(flag, [`--${flag}`])
  }

  get words(): FlagWords {
    return this.#words
  }
}
