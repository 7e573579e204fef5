import { constants } from 'node:os'
import { VirtError } from '../errors.js'
import type { Network } from '../network.js'
import { NetworkCollision } from './free-network.js'

/**
 * Starts a network.
 * @throws NetworkCollision when the host uses its bridge's name or its subnet already; VirtError
 */
export function startNetwork(network: Network): void {
  namingCollision(() => network.start())
}

/** Runs a call of libvirt's, and says which of the network's claims is taken if that is why it fails. */
export function namingCollision<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof VirtError)) throw error
    // libvirt has no codes of its own for these. EEXIST is the kernel's answer to a second interface of one name.
    if (error.errno === constants.errno.EEXIST) throw new NetworkCollision('bridge', `the host has that bridge already: ${error.message}`, error)
    if (/^bridge name .* already in use/.test(error.message)) throw new NetworkCollision('bridge', error.message, error)
    const device = /already in use by interface (\S+)/.exec(error.message)?.[1]
    if (device) throw new NetworkCollision('subnet', `its subnet is in use already on the host, by the interface ${device}`, error)
    throw error
  }
}
