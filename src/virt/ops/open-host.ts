import { Connection, type OpenOptions } from '../connection.js'
import type { Host } from './host.js'

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
