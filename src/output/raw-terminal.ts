/**
 * Gives every key on the terminal to whoever reads stdin, Ctrl-C too, for as long as it is held; what is no terminal stays as
 * it is. Dispose of it before the process ends: nobody else gives the terminal its modes back.
 */
export class RawTerminal implements Disposable {
  readonly #held = process.stdin.isTTY === true

  constructor() {
    if (this.#held) process.stdin.setRawMode(true)
  }

  [Symbol.dispose](): void {
    if (this.#held) process.stdin.setRawMode(false)
  }
}
