import type { OpenOptions } from './virt/connection.js'
import type { Host } from './virt/ops/host.js'
import { openHost } from './virt/ops/open-host.js'

interface Lent { host: Host, busy: boolean }

/** Connections that several commands use, one after another. Who needs a second one at the same time gets one of its own. */
export class SharedHosts implements AsyncDisposable {
  readonly #hosts = new Map<string, Lent>()
  readonly #told = new Set<string>()

  /** A host, given back by disposing of it. Who only looks may get a connection that can write, but not in a dry run. */
  async open(uri: string | null, options: OpenOptions, { dryRun }: { dryRun: boolean }): Promise<Host> {
    const lent = await this.#lent(uri, dryRun ? options : { ...options, readOnly: false })
    if (lent === null) return openHost(uri, options)
    lent.busy = true
    const giveBack = () => {
      lent.busy = false
      return Promise.resolve()
    }
    return { connection: lent.host.connection, uri: lent.host.uri, shared: lent.host.shared, [Symbol.asyncDispose]: giveBack }
  }

  /** Whether nobody has been told of what killed runs left on this host: once is enough for all commands. */
  isUntold(uri: string): boolean {
    const untold = !this.#told.has(uri)
    this.#told.add(uri)
    return untold
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { host } of this.#hosts.values()) await host[Symbol.asyncDispose]()
    this.#hosts.clear()
  }

  /** null when it is in use; one whose daemon has gone away is opened again. */
  async #lent(uri: string | null, options: OpenOptions): Promise<Lent | null> {
    const writing = this.#hosts.get(`${uri ?? ''} false`)
    // Two connections to the embedded host would wait for one another.
    const key = writing?.host.shared === false ? `${uri ?? ''} false` : `${uri ?? ''} ${options.readOnly ?? false}`
    const known = this.#hosts.get(key)
    if (known?.busy) return null
    if (known?.host.connection.isAlive()) return known
    if (known) {
      this.#hosts.delete(key)
      await known.host[Symbol.asyncDispose]()
    }
    const made = { host: await openHost(uri, options), busy: false }
    this.#hosts.set(key, made)
    return made
  }
}
