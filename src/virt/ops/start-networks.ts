import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { startNetwork } from './start-network.js'

/**
 * Starts what a machine needs and what its owner agreed to. It is not undone when the making of the machine fails: others may
 * be on it by then. @throws NetworkCollision, VirtError
 */
export function startNetworks(connection: Connection, names: readonly string[], report: (step: string) => void): void {
  for (const name of names) {
    using network = connection.network(name)
    if (network.isActive()) continue
    report(`starting the network ${name}`)
    try {
      startNetwork(network)
    } catch (error) {
      // Another run was faster.
      if (!(error instanceof VirtError) || !network.isActive()) throw error
    }
  }
}
