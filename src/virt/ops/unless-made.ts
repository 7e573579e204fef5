import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { existing } from './define.js'
import { lockName } from './host-lock.js'

/** Whether the host has a machine of that name, in one call. */
export function hasMachine(connection: Connection, name: string): boolean {
  using found = existing({ find: (each) => connection.domain(each) }, name)
  return found !== null
}

/**
 * Makes a machine unless there is one, and gives undefined then, also when another run makes it at the same time: it may
 * have made a volume, or all of it, since this run looked. That run is waited for; if it gave up, this one has its turn.
 * @throws what `make` throws; BayError `exists` when something of that name is there that is no machine
 */
export async function unlessMade<T>(
  connection: Connection, { name, signal }: { name: string, signal: AbortSignal }, make: () => Promise<T>,
): Promise<T | undefined> {
  for (let turns = 3; ; turns -= 1) {
    if (hasMachine(connection, name)) return undefined
    try {
      return await make()
    } catch (error) {
      if (!(error instanceof BayError) || error.code !== 'exists' || turns === 1) throw error
    }
    using _lock = await lockName(connection.uri(), 'vm', name, signal)
  }
}
