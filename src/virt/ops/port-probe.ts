import { connect, type Socket } from 'node:net'

/** How long (ms) one try may take, and how long until the next to the same address. */
const tryFor = 2000
const tryAgainAfter = 250

/** Tries to connect to a TCP port, from where this program runs. Nothing is sent. Dispose of it to stop trying. */
export class PortProbe implements Disposable {
  readonly #port: number
  /** the tries that are under way or have just failed, by address */
  readonly #tries = new Map<string, Socket>()
  /** why the last try to each address failed: a code of the system, such as ECONNREFUSED */
  readonly failures = new Map<string, string>()
  readonly #opened: () => void
  #open: string | undefined

  /** `opened` hears of each connection. */
  constructor(port: number, opened: () => void) {
    this.#port = port
    this.#opened = opened
  }

  /** The address at which the port is open; undefined while it is not known, and then each address is tried. */
  look(addresses: readonly string[]): string | undefined {
    // It was open at an address that the machine has no more.
    if (this.#open !== undefined && !addresses.includes(this.#open)) this.#open = undefined
    if (this.#open === undefined) for (const address of addresses) this.#try(address)
    return this.#open
  }

  [Symbol.dispose](): void {
    for (const socket of this.#tries.values()) socket.destroy()
  }

  #try(address: string): void {
    if (this.#tries.has(address)) return
    const socket = connect({ host: address, port: this.#port, timeout: tryFor })
    this.#tries.set(address, socket)
    const failed = (code: string) => {
      this.failures.set(address, code)
      socket.destroy()
    }
    socket.once('connect', () => {
      this.#open ??= address
      socket.destroy()
      this.#opened()
    })
    socket.once('timeout', () => failed('ETIMEDOUT'))
    socket.once('error', (error: NodeJS.ErrnoException) => failed(error.code ?? error.message))
    socket.once('close', () => setTimeout(() => this.#tries.delete(address), tryAgainAfter).unref())
  }
}
