import type { Connection } from '../connection.js'
import { VirtError, failure } from '../errors.js'
import { listNetworks } from '../flags.js'
import type { Lease } from '../leases.js'

export type LeasesByMac = Map<string, (Lease & { network: string })[]>

/** The leases that are in force, of all running networks, by MAC in lower case: one call a network. */
export function activeLeases(connection: Connection): LeasesByMac {
  const byMac: LeasesByMac = new Map()
  using networks = connection.networks(listNetworks.active)
  for (const network of networks) {
    const name = network.name()
    for (const lease of leasesOf(network)) {
      if (lease.mac === null || expired(lease)) continue
      const mac = lease.mac.toLowerCase()
      byMac.set(mac, [...byMac.get(mac) ?? [], { ...lease, network: name }])
    }
  }
  return byMac
}

function expired({ expires }: Lease): boolean {
  return expires !== 0 && expires * 1000 < Date.now()
}

/** Not every driver has leases, and a network may have been stopped since the list was read. */
function leasesOf(network: { leases(): Lease[] }): Lease[] {
  try {
    return network.leases()
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noSupport, failure.operationInvalid, failure.noNetwork)) return []
    throw error
  }
}
