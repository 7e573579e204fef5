import { Connection, type OpenOptions } from '../connection.js'
import type { Host } from './host.js'

export async function openSandbox(uri: string, options: OpenOptions): Promise<Host> {
  const connection = await Connection.open('test:///default', options)
  return { connection, uri, shared: false, [Symbol.asyncDispose]: () => Promise.resolve(connection[Symbol.dispose]()) }
}
