import { randomUUID } from 'node:crypto'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { journalFor } from './journal.js'
import { isCutOff, reconnect, type Reconnected } from './reconnect-network.js'
import { Rollback } from './rollback.js'

/** Puts running machines back on a network that was stopped and started; when the run is killed `bay recover` goes on. */
export async function reconnectMachines(connection: Connection, network: Network): Promise<Reconnected> {
  const [uuid, name, park] = [network.uuid(), network.name(), randomUUID()]
  using journal = journalFor(connection, { command: 'net start', name })
  await using rollback = new Rollback(undefined, journal)
  const result = await rollback.make(connection, { kind: 'network-cut', uuid, name, park }, () => reconnect(connection, network, park))
  rollback.keep()
  return result
}

/** The same where it is needed, as after a run that was killed; null when it is not. */
export function reconnectIfCutOff(connection: Connection, network: Network): Promise<Reconnected> | null {
  return isCutOff(connection, network) ? reconnectMachines(connection, network) : null
}
