import type { Connection } from '../connection.js'
import { listDomains } from '../flags.js'
import type { Network } from '../network.js'
import { leasesByMac, markLeases, type LeasesByMac, type MarkedLease } from './leases-by-mac.js'
import { runningMachines } from './running-machines.js'
import { knownAddresses, type KnownAddress } from './vm-addresses.js'

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
  /** the running machine with that card; null also when it is off, or no machine of this host's */
  machine: string | null
  /** as in `vm show`; `unclaimed` is in force, and no running machine has that card */
  state: KnownAddress['state'] | 'unclaimed'
}

/**
 * The leases of networks, by address, each with the machine that has it and whether that is of its present run.
 * @throws VirtError noSupport for a driver that hands out no addresses
 */
export function networkLeases(connection: Connection, networks: readonly Network[]): LeaseRow[] {
  const own = networks.flatMap((network) => {
    const name = network.name()
    return network.leases().map((lease) => ({ ...lease, network: name }))
  })
  if (own.length === 0) return []
  const all = leasesByMac(connection)
  const cards = cardsOf(connection, all)
  return markLeases(own).map((lease) => {
    const marked = all.get(lease.mac?.toLowerCase() ?? '')?.find((each) => each.network === lease.network && each.address === lease.address)
    return rowOf(marked ?? lease, cards)
  }).sort((a, b) => a.network.localeCompare(b.network) || a.address.localeCompare(b.address, 'en', { numeric: true }))
}

type Cards = ReadonlyMap<string, { machine: string, known: readonly KnownAddress[] }>

/** The cards of running machines that have leases, by MAC in lower case. */
function cardsOf(connection: Connection, leases: LeasesByMac): Cards {
  using domains = connection.domains(listDomains.active)
  const machines = runningMachines(connection, domains, leases, { reads: (unmatched) => unmatched.size > 0 })
  return new Map(machines.flatMap((machine) => {
    const known = knownAddresses({ ...machine, arp: null }, leases)
    return machine.nics.flatMap(({ mac }) => mac === null ? [] : [[mac.toLowerCase(), { machine: machine.name, known }] as const])
  }))
}

function rowOf({ network, mac, address, prefix, family, hostname, clientId, expires, mark }: MarkedLease, cards: Cards): LeaseRow {
  const card = cards.get(mac?.toLowerCase() ?? '')
  const state = card?.known.find((each) => each.mac === mac?.toLowerCase() && each.address === address)?.state
  return {
    network, mac, address, prefix, family, hostname, clientId,
    expires: expires === 0 ? null : new Date(expires * 1000).toISOString(),
    machine: card?.machine ?? null, state: mark ?? state ?? 'unclaimed',
  }
}
