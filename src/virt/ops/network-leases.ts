import type { Lease } from '../leases.js'
import type { Network } from '../network.js'

/** An address that a network's DHCP server has given away. */
export interface LeaseRow {
  network: string
  /** null for some IPv6 leases */
  mac: string | null
  address: string
  prefix: number
  family: string
  hostname: string | null
  clientId: string | null
  /** ISO time; null is for ever */
  expires: string | null
}

/** The leases of one network, by address. */
export function networkLeases(network: Network): LeaseRow[] {
  const name = network.name()
  return network.leases().map((lease) => rowOf(name, lease))
    .sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }))
}

function rowOf(network: string, { mac, address, prefix, family, hostname, clientId, expires }: Lease): LeaseRow {
  return {
    network, mac, address, prefix, family, hostname, clientId,
    expires: expires === 0 ? null : new Date(expires * 1000).toISOString(),
  }
}
