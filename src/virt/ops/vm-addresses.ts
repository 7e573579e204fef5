import { readDomain } from '../../xml/domain-description.js'
import type { NicDescription } from '../../xml/domain-device-descriptions.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { addressSource } from '../flags.js'
import type { Lease } from '../leases.js'
import { activeLeases, type LeasesByMac } from './leases-by-mac.js'
import { readRun } from './run-mark.js'

export interface NicAddress {
  address: string
  prefix: number
  family: string
  /** where it is known from: `lease` of a libvirt network, or the host's `arp` table */
  source: 'lease' | 'arp'
}

export interface AddressOptions {
  /** leave out the leases from before a reboot that the guest was asked for: it may have them no more */
  afterReboot?: boolean
}

/** The addresses of each interface of a running machine, by MAC: this run's leases, else what the host's ARP table has. */
export function addressesByMac(
  connection: Connection, domain: Domain, nics: readonly NicDescription[], options: AddressOptions = {},
): Map<string, NicAddress[]> {
  if (nics.length === 0) return new Map()
  const leases = activeLeases(connection)
  const isCurrent = currentLease(domain, options)
  const found = new Map(nics.flatMap((nic) => {
    const own = nic.mac === null ? [] : leases.get(nic.mac.toLowerCase()) ?? []
    const current = own.filter((lease) => isCurrent(nic, lease))
      .map(({ address, prefix, family }) => ({ address, prefix, family, source: 'lease' as const }))
    return nic.mac === null || current.length === 0 ? [] : [[nic.mac, current] as const]
  }))
  return found.size === nics.length ? found : new Map([...arpAddresses(domain, nics), ...found])
}

/** When the newest of a machine's leases expires: a lease outlives its machine, and one of a later run will be after that. */
export function newestLease(connection: Connection, domain: Domain): number {
  const macs = readDomain(domain.xml()).nics.flatMap(({ mac }) => mac ?? [])
  const leases: LeasesByMac = macs.length === 0 ? new Map<string, never[]>() : activeLeases(connection)
  return Math.max(0, ...macs.flatMap((mac) => leases.get(mac.toLowerCase()) ?? []).map(({ expires }) => expires))
}

/**
 * Whether a lease is of the machine's present run. Where a mark says which leases were there before, they are not. A run that
 * was begun by another tool has no mark: then at least its guest must have had time to ask.
 */
function currentLease(domain: Domain, { afterReboot = false }: AddressOptions): (nic: NicDescription, lease: Lease) => boolean {
  const { started, leaseBefore, leaseBeforeReboot } = readRun(domain)
  const newest = afterReboot ? Math.max(leaseBefore, leaseBeforeReboot) : leaseBefore
  const isNew = ({ expires }: Lease) => expires === 0 || expires > newest
  return started === null ? (nic, lease) => isNew(lease) && mayHaveAsked(domain, nic, lease) : (_, lease) => isNew(lease)
}

/** Bytes, in each direction, without which no guest gets a lease: less than any DHCP client's question and any server's answer. */
const leastOfLease: Record<string, number> = { ipv4: 240, ipv6: 80 }

/**
 * The counters of an interface begin at 0 with each run, while a guest that was restored or came from elsewhere brings its
 * address along. https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainInterfaceStats
 */
function mayHaveAsked(domain: Domain, { tap }: NicDescription, { family }: Lease): boolean {
  if (tap === null || ['restored', 'migrated', 'from-snapshot'].includes(domain.state().reason)) return true
  try {
    const { sent, received } = domain.traffic(tap)
    const least = leastOfLease[family] ?? 0
    return (sent < 0 || sent >= least) && (received < 0 || received >= least)
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return true
    throw error
  }
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
