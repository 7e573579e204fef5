import type { Connection } from '../connection.js'
import { VirtError, failure } from '../errors.js'
import { listNetworks } from '../flags.js'
import type { Lease } from '../leases.js'

/** A lease, with what its DHCP server's list alone says of it. */
export interface MarkedLease extends Lease {
  network: string
  /** `expired`; `older` when the same card has a later one, of whichever network; null for what may be in use */
  mark: 'older' | 'expired' | null
}

export type LeasesByMac = ReadonlyMap<string, readonly MarkedLease[]>

/** All leases of all running networks, by MAC in lower case: one call a network. Those of no MAC are left out. */
export function leasesByMac(connection: Connection): LeasesByMac {
  using networks = connection.networks(listNetworks.active)
  return byMac(markLeases(networks.flatMap((network) => {
    const name = network.name()
    return leasesOf(network).map((lease) => ({ ...lease, network: name }))
  })))
}

/** The same, of those that are in force: dnsmasq keeps such an address for its card, older or not. */
export function activeLeases(connection: Connection): LeasesByMac {
  return byMac([...leasesByMac(connection).values()].flat().filter(({ mark }) => mark !== 'expired'))
}

function byMac<L extends Lease>(leases: readonly L[]): Map<string, L[]> {
  const found = new Map<string, L[]>()
  for (const lease of leases) {
    const mac = lease.mac?.toLowerCase()
    if (mac !== undefined) found.set(mac, [...found.get(mac) ?? [], lease])
  }
  return found
}

/**
 * Leases with what they say of one another. A card has a second one when its guest asked under another client id, as an installer
 * or an initramfs does: the one that was given last ends last. In IPv6 one client may have several addresses, so only another's is
 * older.
 */
export function markLeases(leases: readonly (Lease & { network: string })[]): MarkedLease[] {
  const isLater = (one: Lease, other: Lease) => one.family === other.family
    && (one.family === 'ipv4' || one.clientId !== other.clientId)
    && one.expires > other.expires && other.expires !== 0
  const cards = byMac(leases)
  return leases.map((lease) => {
    const ofCard = cards.get(lease.mac?.toLowerCase() ?? '') ?? []
    return { ...lease, mark: isExpired(lease) ? 'expired' : ofCard.some((other) => isLater(other, lease)) ? 'older' : null }
  })
}

function isExpired({ expires }: Lease): boolean {
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
