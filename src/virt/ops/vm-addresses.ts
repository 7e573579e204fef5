import { readDomain } from '../../xml/domain-description.js'
import type { NicDescription } from '../../xml/domain-device-descriptions.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { addressSource } from '../flags.js'
import { activeLeases, type LeasesByMac } from './leases-by-mac.js'
import { readRun } from './run-mark.js'

export interface NicAddress {
  address: string
  prefix: number
  family: string
  /** where it is known from: `lease` of a libvirt network, or the host's `arp` table */
  source: 'lease' | 'arp'
}

/** The addresses of each interface of a running machine, by MAC: this run's leases, else what the host's ARP table has. */
export function addressesByMac(connection: Connection, domain: Domain, nics: readonly NicDescription[]): Map<string, NicAddress[]> {
  if (nics.length === 0) return new Map()
  const { leaseBefore } = readRun(domain)
  const leases = currentLeases(activeLeases(connection), leaseBefore)
  const found = new Map(nics.flatMap(({ mac }) => {
    const own = mac === null ? undefined : leases.get(mac.toLowerCase())
    return mac === null || own === undefined ? [] : [[mac, own] as const]
  }))
  return found.size === nics.length ? found : new Map([...arpAddresses(domain, nics), ...found])
}

/** When the newest of a machine's leases expires: a lease outlives its machine, and one of a later run will be after that. */
export function newestLease(connection: Connection, domain: Domain): number {
  const macs = readDomain(domain.xml()).nics.flatMap(({ mac }) => mac ?? [])
  const leases: LeasesByMac = macs.length === 0 ? new Map<string, never[]>() : activeLeases(connection)
  return Math.max(0, ...macs.flatMap((mac) => leases.get(mac.toLowerCase()) ?? []).map(({ expires }) => expires))
}

function currentLeases(leases: LeasesByMac, leaseBefore: number): Map<string, NicAddress[]> {
  return new Map([...leases].flatMap(([mac, all]) => {
    const current = all.filter(({ expires }) => expires === 0 || expires > leaseBefore)
    const addresses = current.map(({ address, prefix, family }) => ({ address, prefix, family, source: 'lease' as const }))
    return addresses.length === 0 ? [] : [[mac, addresses]]
  }))
}

/** Only machines on bridges of the host's own need it; the neighbour table may be stale, so leases come first. */
function arpAddresses(domain: Domain, nics: readonly NicDescription[]): Map<string, NicAddress[]> {
  if (!nics.some(({ type }) => type === 'bridge')) return new Map()
  try {
    return new Map(domain.addresses(addressSource.arp).flatMap(({ mac, addresses }) => mac === null
      ? []
      : [[mac, addresses.map((each) => ({ ...each, source: 'arp' as const }))]]))
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return new Map()
    throw error
  }
}
