import { readDomain } from '../../xml/domain-description.js'
import type { NicDescription } from '../../xml/domain-device-descriptions.js'
import type { InterfaceAddresses } from '../addresses.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { addressSource } from '../flags.js'
import { isOfRun, type PresentRun, type Traffic } from './lease-run.js'
import { leasesByMac, type LeasesByMac } from './leases-by-mac.js'
import { readRun } from './run-mark.js'

export interface NicAddress {
  address: string
  prefix: number
  family: string
  /** where it is known from: `lease` of a libvirt network, the guest's `agent`, or the host's `arp` table */
  source: 'lease' | 'agent' | 'arp'
}

/** An address of a machine's, with whether its present run has it. */
export interface KnownAddress extends NicAddress {
  mac: string
  /** `older`: a lease of an earlier run, or from before the card's last one; `expired`: nobody has it */
  state: 'current' | 'older' | 'expired'
}

export interface AddressOptions {
  /** leave out the leases from before a reboot that the guest was asked for: it may have them no more */
  afterReboot?: boolean
}

/** What must be known of a running machine to tell its addresses; `run` is asked only when there is a lease to be judged. */
export interface RunningMachine {
  nics: readonly { mac: string | null, traffic: () => Traffic | null }[]
  run: () => PresentRun
  /** what the host's ARP table has; null when no interface is on a bridge of the host's own: the others' networks give leases */
  arp: (() => readonly InterfaceAddresses[]) | null
}

/**
 * The addresses of a running machine that its host knows: each lease of its cards, of this run or not, and where a card has none of
 * this run, and one is on a bridge of the host's own, what the host's ARP table has. For `vm list`, `vm show`, `net leases`, waits.
 */
export function knownAddresses(machine: RunningMachine, leases: LeasesByMac, options: AddressOptions = {}): KnownAddress[] {
  let run: PresentRun | undefined
  const found = machine.nics.flatMap(({ mac, traffic }) => (leases.get(mac?.toLowerCase() ?? '') ?? []).map((lease): KnownAddress => {
    const { address, prefix, family, mark } = lease
    const state = mark ?? (isOfRun(lease, run ??= machine.run(), traffic, options) ? 'current' : 'older')
    return { mac: mac?.toLowerCase() ?? '', address, prefix, family, source: 'lease', state }
  }))
  const without = cardsWithout(machine, found)
  return machine.arp === null || without.length === 0 ? found : [...found, ...ofCards(machine.arp(), without, 'arp')]
}

/** What was seen of these cards' addresses, given in lower case. */
export function ofCards(
  seen: readonly Pick<InterfaceAddresses, 'mac' | 'addresses'>[], cards: readonly string[], source: NicAddress['source'],
): KnownAddress[] {
  return seen.flatMap(({ mac, addresses }) => mac === null || !cards.includes(mac.toLowerCase())
    ? []
    : addresses.map((each) => ({ ...each, mac: mac.toLowerCase(), source, state: 'current' as const })))
}

/** The cards, in lower case, none of whose addresses is of this run. */
export function cardsWithout({ nics }: Pick<RunningMachine, 'nics'>, known: readonly KnownAddress[]): string[] {
  const having = new Set(known.flatMap(({ mac, state }) => state === 'current' ? mac.toLowerCase() : []))
  return nics.flatMap(({ mac }) => mac === null || having.has(mac.toLowerCase()) ? [] : mac.toLowerCase())
}

/** The addresses alone of those that the present run has. */
export function currentOnes(known: readonly KnownAddress[]): string[] {
  return known.flatMap(({ address, state }) => state === 'current' ? address : [])
}

/** A machine of which the description is known. */
export function runningMachine(domain: Domain, nics: readonly NicDescription[]): RunningMachine {
  return {
    nics: nics.map(({ mac, tap }) => ({ mac, traffic: () => trafficOf(domain, tap) })),
    run: () => ({ mark: readRun(domain), reason: domain.state().reason }),
    // The neighbour table may be stale, so leases come first.
    arp: nics.some(({ type }) => type === 'bridge') ? () => ifKnown(() => domain.addresses(addressSource.arp)) ?? [] : null,
  }
}

/** The addresses that each interface of a running machine has in this run, by MAC. */
export function addressesByMac(
  connection: Connection, domain: Domain, nics: readonly NicDescription[], options: AddressOptions = {},
): Map<string, NicAddress[]> {
  if (nics.length === 0) return new Map()
  const known = knownAddresses(runningMachine(domain, nics), leasesByMac(connection), options)
  return new Map(nics.flatMap(({ mac }) => {
    const own = addressesOfCard(known, mac)
    return mac === null || own.length === 0 ? [] : [[mac, own]]
  }))
}

/** Those of one card that the present run has. */
export function addressesOfCard(known: readonly KnownAddress[], card: string | null): NicAddress[] {
  return known.flatMap(({ mac, state, ...address }) => state === 'current' && mac === card?.toLowerCase() ? address : [])
}

/** When the newest of a machine's leases expires: a lease outlives its machine, and one of a later run will be after that. */
export function newestLease(connection: Connection, domain: Domain): number {
  const macs = readDomain(domain.xml()).nics.flatMap(({ mac }) => mac ?? [])
  const leases: LeasesByMac = macs.length === 0 ? new Map<string, never[]>() : leasesByMac(connection)
  return Math.max(0, ...macs.flatMap((mac) => leases.get(mac.toLowerCase()) ?? []).map(({ expires }) => expires))
}

function trafficOf(domain: Domain, tap: string | null): Traffic | null {
  return tap === null ? null : ifKnown(() => domain.traffic(tap)) ?? null
}

/** What libvirt cannot tell of a machine is no reason to tell nothing. */
function ifKnown<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return undefined
    throw error
  }
}
