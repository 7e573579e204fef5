/** What is typed for a console, until it has been sent. */
export class ConsoleInput {
  #waiting = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #drained: (() => void) | undefined
  /** whoever types wants to leave */
  left = false

  /** Resolves once it has been sent, so that whoever pours a file in does not run ahead. */
  add(bytes: Buffer): Promise<void> {
    this.#waiting = Buffer.concat([this.#waiting, bytes])
    this.#wake?.()
    return new Promise((resolve) => {
      const before = this.#drained
      this.#drained = () => {
        before?.()
        resolve()
      }
    })
  }

  leave(): void {
    this.left = true
    this.#wake?.()
  }

  /** What is still to be sent. */
  get waiting(): Buffer { return this.#waiting }

  /** So many bytes of it are sent. */
  sent(count: number): void {
    this.#waiting = this.#waiting.subarray(count)
    if (this.#waiting.length > 0) return
    this.#drained?.()
    this.#drained = undefined
  }

  /** Resolves when something is typed, after `most` milliseconds, or when the signal comes. */
  async next(most: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, most)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      signal?.addEventListener('abort', this.#wake, { once: true })
    })
    if (this.#wake) signal?.removeEventListener('abort', this.#wake)
    this.#wake = undefined
  }
}
