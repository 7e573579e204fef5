import type { Addresses, Family } from './addresses.js'

export const actions = ['accept', 'drop', 'reject'] as const
export const protocols = ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 'arp', 'any'] as const
export const states = ['new', 'established', 'related', 'invalid'] as const
export const needs = ['arp', 'dhcp', 'dns', 'neighbours', 'errors'] as const

export type RuleAction = typeof actions[number]
export type Protocol = typeof protocols[number]
export type State = typeof states[number]
export type Direction = 'in' | 'out'

/** What a working guest needs, whatever its rules say. */
export type Need = typeof needs[number]

/** A run of ports, both ends in it. */
export interface Ports { first: number, last: number }

/** One rule about one protocol in one direction. Empty lists match everything. */
export interface Rule {
  /** where it is written; null for one that was not read from a file */
  line: number | null
  action: RuleAction
  /** of the connection: `in` is opened from outside. With `states`: of the packet. */
  direction: Direction
  protocol: Protocol
  /** null for both; never null when an address or the protocol says it */
  family: Family | null
  source: readonly Addresses[]
  destination: readonly Addresses[]
  sourcePorts: readonly Ports[]
  ports: readonly Ports[]
  /** of ICMP */
  types: readonly number[]
  /** null: the rule is about connections, and their answers go with it */
  states: readonly State[] | null
  comment: string | null
  /** 1 to 880, low first; null for the place in the file */
  priority: number | null
}

export interface Default { in: 'accept' | 'drop', out: 'accept' | 'drop' }

/** A filter as it is written in the rule language. */
export interface FilterRules {
  name: string
  /** where the filter begins */
  line: number | null
  /** other filters whose rules count too, in this order after its own */
  inherit: readonly { name: string, line: number | null }[]
  /** null: that of what it inherits, or drop */
  default: Default | null
  needs: readonly Need[]
  rules: readonly Rule[]
}

/** Accepts everything that comes in. */
export const blank: Rule = {
  line: null, action: 'accept', direction: 'in', protocol: 'any', family: null, source: [], destination: [], sourcePorts: [], ports: [], types: [],
  states: null, comment: null, priority: null,
}

/** The highest priority that a rule may have; the lowest is 1. */
export const lastPriority = 880

export function hasPorts(protocol: Protocol): boolean {
  return protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp'
}

/** The families that a rule is about. */
export function familiesOf({ family, protocol }: Pick<Rule, 'family' | 'protocol'>): readonly Family[] {
  if (protocol === 'icmp') return ['ipv4']
  if (protocol === 'icmpv6') return ['ipv6']
  return family === null ? ['ipv4', 'ipv6'] : [family]
}
