import type { FilterReference, FilterRuleDescription } from '../xml/filter.js'
import type { Family } from './addresses.js'
import { ipProtocols } from './packet.js'
import { combinations, variablesOf, type Variables } from './variables.js'

/** What is known of a filter of libvirt's. */
export interface FilterText {
  chain: string
  priority: number | null
  entries: readonly (FilterRuleDescription | FilterReference)[]
}

/** A rule as libvirt gives it to the kernel, and where it is written. */
export interface InstalledRule {
  filter: string
  /** its place among the filter's rules, from 1 */
  number: number
  rule: FilterRuleDescription
  /** the rule's own, without variables */
  attributes: Readonly<Record<string, string>>
  /** source and destination are meant the other way round */
  reversed: boolean
  /** the states of a connection that it matches, in lower case; null for any */
  states: readonly string[] | null
  /** whether it matches what opens a connection or what answers; null for both */
  reply: boolean | null
}

/** A chain of Ethernet rules that the root chain jumps to. */
export interface SubChain { chain: string, rules: InstalledRule[] }

/** All rules of one interface, as they stand in the kernel. */
export interface Installed {
  ethernet: Record<'in' | 'out', (InstalledRule | SubChain)[]>
  /** FI: from the guest and on; FO: to the guest, from its bridge; HI: from the guest to the host. Null without any rule. */
  ip: Record<Family, Record<'FI' | 'FO' | 'HI', InstalledRule[]> | null>
  /** variables without a value: libvirt would not start the machine, or learns them */
  missing: Set<string>
  /** filters that do not exist */
  dangling: Set<string>
}

/** What libvirt makes of a filter for an interface. */
export function install(name: string, filters: ReadonlyMap<string, FilterText>, variables: Variables): Installed {
  const installed = noRules()
  const placed = collect(name, { filters, variables, installed, above: [] })
  // Root first, then by priority; libvirt's sort leaves equal ones as they stand.
  placed.sort((a, b) => Number(a.chain !== 'root') - Number(b.chain !== 'root') || a.priority - b.priority)
  for (const each of placed) each.priority = each.chain === 'root' ? each.priority : Math.max(each.priority, each.chainPriority)
  for (const each of placed) if (!isEthernet(each.rule)) installIp(each, installed)
  for (const direction of ['in', 'out'] as const) installEthernet(placed, direction, installed)
  return installed
}

/** Of an interface without a filter. */
export function noRules(): Installed {
  return { ethernet: { in: [], out: [] }, ip: { ipv4: null, ipv6: null }, missing: new Set(), dangling: new Set() }
}

interface Placed {
  filter: string
  number: number
  rule: FilterRuleDescription
  priority: number
  chain: string
  chainPriority: number
  values: Record<string, string>[]
}

interface Collecting {
  filters: ReadonlyMap<string, FilterText>
  variables: Variables
  installed: Installed
  above: readonly string[]
}

function collect(name: string, collecting: Collecting): Placed[] {
  const { filters, variables, installed, above } = collecting
  const filter = filters.get(name)
  if (!filter || above.includes(name)) {
    installed.dangling.add(name)
    return []
  }
  let number = 0
  return filter.entries.flatMap((entry): Placed[] => {
    if ('filter' in entry) {
      // What the interface says wins over what the reference says.
      const inner = new Map([...variablesOf(entry.parameters), ...variables])
      return collect(entry.filter, { ...collecting, variables: inner, above: [...above, name] })
    }
    number += 1
    const values = combinations(entry.attributes, variables)
    if ('missing' in values) {
      installed.missing.add(values.missing)
      return []
    }
    const { chain } = filter
    return [{ filter: name, number, rule: entry, priority: entry.priority, chain, chainPriority: chainPriority(filter), values }]
  })
}

const defaultPriorities: [prefix: string, priority: number][] = [
  ['stp', -810], ['mac', -800], ['vlan', -750], ['ipv4', -700], ['ipv6', -600], ['arp', -500], ['rarp', -400],
]

function chainPriority({ chain, priority }: FilterText): number {
  return priority ?? defaultPriorities.find(([prefix]) => chain.startsWith(prefix))?.[1] ?? 0
}

export function isEthernet({ protocol }: Pick<FilterRuleDescription, 'protocol'>): boolean {
  return protocol === null || ['mac', 'vlan', 'stp', 'arp', 'rarp', 'ip', 'ipv6'].includes(protocol)
}

/** Of a rule for IP. */
export function familyOf({ protocol }: Pick<FilterRuleDescription, 'protocol'>): Family {
  return protocol === 'icmpv6' || protocol?.endsWith('-ipv6') ? 'ipv6' : 'ipv4'
}

/** Chains are joined to the root before the first rule of a priority that is not below theirs. */
function installEthernet(placed: readonly Placed[], direction: 'in' | 'out', { ethernet }: Installed): void {
  const mine = placed.filter(({ rule }) => isEthernet(rule) && [direction, 'inout'].includes(rule.direction))
  const reversed = ({ rule }: Placed) => direction === 'out' && rule.direction === 'inout'
  const chains = new Map<string, { priority: number, rules: InstalledRule[] }>()
  for (const each of mine) {
    if (each.chain === 'root') continue
    const chain = chains.get(each.chain) ?? { priority: 0, rules: [] }
    chains.set(each.chain, chain)
    chain.priority = each.chainPriority
    chain.rules.push(...installedOf(each, { reversed: reversed(each), states: null, reply: null }))
  }
  const waiting = [...chains].sort(([, a], [, b]) => a.priority - b.priority)
  const root = ethernet[direction]
  const join = (limit: number) => {
    for (let next = waiting[0]; next && next[1].priority <= limit; next = waiting[0]) {
      root.push({ chain: next[0], rules: next[1].rules })
      waiting.shift()
    }
  }
  for (const each of mine) {
    if (each.chain !== 'root') continue
    join(each.priority)
    root.push(...installedOf(each, { reversed: reversed(each), states: null, reply: null }))
  }
  join(Infinity)
}

type How = Pick<InstalledRule, 'reversed' | 'states' | 'reply'>

function installedOf({ filter, number, rule, values }: Placed, how: How): InstalledRule[] {
  return values.map((attributes) => ({ filter, number, rule, attributes, ...how }))
}

/**
 * One rule is up to three in the kernel. A rule that says no state lets the answers through with what it accepts, by the kernel's
 * table of connections; one that says its states is about its own direction only. Of ICMP with a type no rule is made for the
 * answers, so none at all for both directions.
 */
function installIp(placed: Placed, installed: Installed): void {
  const { rule, values } = placed
  const chains = installed.ip[familyOf(rule)] ??= { FI: [], FO: [], HI: [] }
  const inward = rule.direction !== 'out'
  const both = rule.direction === 'inout'
  const said = rule.statematch ? statesOf(values[0]?.['state']) : null
  const typed = (rule.protocol === 'icmp' || rule.protocol === 'icmpv6') && values[0]?.['type'] !== undefined
  const put = (chain: 'FI' | 'FO' | 'HI', { reversed, skipTyped, skipSaid }: Record<'reversed' | 'skipTyped' | 'skipSaid', boolean>) => {
    if ((typed && skipTyped) || (said && skipSaid) || onlyMac(values[0], reversed) || (reversed && values[0]?.['connlimit-above'])) return
    const limited = values[0]?.['connlimit-above'] !== undefined && rule.action === 'accept'
    const matched = said ?? (rule.statematch && !both && rule.action === 'accept' ? [...reversed ? [] : ['new'], 'established'] : null)
    const reply = said || matched === null || typed ? null : reversed
    chains[chain].push(...installedOf(placed, { reversed, states: limited ? null : matched, reply: limited ? null : reply }))
  }
  put('FI', { reversed: inward, skipTyped: inward, skipSaid: inward && !both })
  put('FO', { reversed: !inward, skipTyped: !inward || both, skipSaid: !inward })
  put('HI', { reversed: inward, skipTyped: inward, skipSaid: inward && !both })
}

/** What the kernel knows as states; NONE is nothing said. */
function statesOf(text: string | undefined): string[] | null {
  const states = text?.toLowerCase().split(',').filter((state) => state !== 'none') ?? []
  return states.length > 0 ? states : null
}

/** The other way round the source's MAC would be the destination's, which cannot be matched: nothing is left to match. */
function onlyMac(attributes: Record<string, string> | undefined, reversed: boolean): boolean {
  const names = Object.keys(attributes ?? {}).filter((name) => !['state', 'match', 'ipset', 'ipsetflags', 'connlimit-above'].includes(name))
  return reversed && names.length > 0 && names.every((name) => name === 'srcmacaddr')
}

/** The protocol's number that an IP rule matches; null for all of them. */
export function protocolOf({ protocol }: Pick<FilterRuleDescription, 'protocol'>): number | null {
  return ipProtocols[protocol?.replace(/-ipv6$/, '') ?? ''] ?? null
}
