import { Connection, type OpenOptions } from '../connection.js'

/** A host that is talked to, and what must happen before its connection is given up. */
export interface Host extends AsyncDisposable {
  readonly connection: Connection
  /** What it is called in messages. */
  readonly uri: string
  /** Whether several connections to it see the same machines. */
  readonly shared: boolean
}

/**
 * Opens the host that `-c` named. null is libvirt's own choice; `sandbox` and `sandbox:FILE` are the embedded host.
 * @throws VirtError, BayError `cannot-connect` or `busy`
 */
export async function openHost(uri: string | null, options: OpenOptions): Promise<Host> {
  if (uri !== null && /^sandbox(:|$)/.test(uri)) {
    const { openSandbox } = await import('./sandbox.js')
    return openSandbox(uri, options)
  }
  const connection = await Connection.open(uri, options)
  return {
    connection,
    uri: uri ?? connection.uri(),
    shared: true,
    [Symbol.asyncDispose]: () => Promise.resolve(connection[Symbol.dispose]()),
  }
}
