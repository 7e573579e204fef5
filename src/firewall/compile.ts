import type { FilterRuleSpec, FilterSpec } from '../xml/filter.js'
import { compileRule } from './compile-rule.js'
import type { Place } from './faults.js'
import { deepest, levels, levelsOf, priorityOf } from './levels.js'
import { needRules } from './need-rules.js'
import type { Default, FilterRules, Need } from './rule.js'

/** What is known of a filter that another one inherits. */
export interface Parent {
  name: string
  /** how many levels of inheritance are below it; null for one that was not compiled here */
  depth: number | null
  /** null for one that was not compiled here */
  default: Default | null
  /** what guests need that it, or what it inherits, lets through */
  needs: readonly Need[]
}

export interface Compiled {
  spec: FilterSpec
  depth: number
  default: Default
}

/** More than that no host likes to load for each interface. */
const mostRules = 5000

/**
 * A filter of libvirt's for one in the rule language. What it inherits is included, with its default at the end: they must
 * agree on it.
 * @throws UsageError with the line, for what cannot be compiled as it is written
 */
export function compileFilter(filter: FilterRules, parents: readonly Parent[], place: Place): Compiled {
  const chosen = defaultOf(filter, parents, place)
  const depth = Math.max(-1, ...parents.map((parent) => parent.depth ?? -1)) + 1
  if (depth > deepest) throw place.wrong(filter.line, `${filter.name} inherits through more than ${deepest} filters`)
  const isHeir = parents.some((parent) => parent.default !== null)
  const needed = filter.needs.filter((need) => !parents.some((parent) => parent.needs.includes(need)))
  const placed = levelsOf(filter.rules, depth)
  const rules: FilterRuleSpec[] = []
  for (const [index, rule] of filter.rules.entries()) {
    const level = placed[index] ?? null
    if (level === null) throw place.wrong(rule.line, 'there are more than 100 changes between accepting and dropping', 'put rules of one action together')
    rules.push(...compileRule(rule, priorityOf(rule.direction, level)))
    if (rules.length > mostRules) throw place.wrong(rule.line, `that is more than ${mostRules} rules for libvirt`, 'use networks instead of lists of addresses')
  }
  return {
    depth, default: chosen,
    spec: {
      name: filter.name, chain: 'root', refs: filter.inherit.map(({ name }) => ({ filter: name, parameters: [] })),
      // What it inherits says them already; libvirt calls a program for each rule of each interface.
      rules: [
        ...needed.flatMap(needRules), ...rules, ...isHeir ? defaultRules(chosen).slice(-1) : defaultRules(chosen),
        ...ownConnections(filter, chosen),
      ],
    },
  }
}

function defaultOf(filter: FilterRules, parents: readonly Parent[], place: Place): Default {
  let chosen = filter.default
  for (const [index, parent] of parents.entries()) {
    if (parent.default === null) continue
    if (chosen && !isSame(chosen, parent.default)) {
      const line = filter.inherit[index]?.line ?? filter.line
      throw place.wrong(line, `${filter.name} has another default than ${parent.name}, which it inherits: ${said(chosen)}, not ${said(parent.default)}`, 'filters that inherit one another have one default')
    }
    chosen = parent.default
  }
  return chosen ?? { in: 'drop', out: 'drop' }
}

function isSame(a: Default, b: Default): boolean {
  return a.in === b.in && a.out === b.out
}

function said({ in: inward, out }: Default): string {
  return `in ${inward}, out ${out}`
}

function defaultComment(chosen: Default): string {
  return `bay:default in=${chosen.in} out=${chosen.out}`
}

/** Where nothing else accepts what the guest opens, before rules that drop both ways what comes in. */
function ownConnections({ rules }: FilterRules, chosen: Default): FilterRuleSpec[] {
  const open = chosen.in === 'accept' && chosen.out === 'accept'
  if (!open || !rules.some(({ direction, action, protocol }) => direction === 'in' && action !== 'accept' && protocol !== 'arp')) return []
  return accepting('out', levels.defaultOut, defaultComment(chosen))
}

/**
 * What no rule decided: the rest of the connections, and on Ethernet what is neither IP nor ARP. The last one ends every
 * filter, heirs too.
 */
function defaultRules(chosen: Default): FilterRuleSpec[] {
  const comment = defaultComment(chosen)
  const open = chosen.in === 'accept' && chosen.out === 'accept'
  if (open) return [{ action: 'accept', direction: 'inout', priority: levels.rest, protocol: 'mac', comment }]
  return [
    ...chosen.out === 'accept' ? accepting('out', levels.defaultOut, comment) : [],
    ...chosen.in === 'accept' ? accepting('in', levels.defaultIn, comment) : [],
    ...['all', 'all-ipv6'].map((protocol) => ({ action: 'drop', direction: 'inout', priority: levels.rest, protocol, comment }) as const),
    ...['ipv4', 'ipv6'].map((protocolid) => ({
      action: 'accept', direction: 'inout', priority: levels.ethernet, protocol: 'mac', attributes: { protocolid }, comment,
    }) as const),
    { action: 'drop', direction: 'inout', priority: levels.rest, protocol: 'mac', comment },
  ]
}

function accepting(direction: 'in' | 'out', priority: number, comment: string): FilterRuleSpec[] {
  return ['all', 'all-ipv6'].map((protocol) => ({ action: 'accept', direction, priority, protocol, comment }))
}
