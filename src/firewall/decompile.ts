import type { FilterDescription, FilterRuleDescription } from '../xml/filter.js'
import { formatAddresses, parseAddresses, type Addresses } from './addresses.js'
import { compiledDefault } from './host-filter.js'
import { icmpTypeName } from './icmp-types.js'
import { levelAt, levelsOf } from './levels.js'
import { needComment } from './need-rules.js'
import { actions, blank, needs as allNeeds, protocols, states as allStates, type Ports, type Rule, type State } from './rule.js'
import { parsePorts } from './rule-values.js'

/** A filter in the rule language, as a value that can be written as YAML. */
export interface RuleForm {
  form: Record<string, unknown>
  /** the rules of libvirt's that it cannot say, by their number and what they are */
  without: { number: number, text: string }[]
}

/** The rule language for a filter of libvirt's. `depth`: how deep what it inherits does. */
export function decompile(filter: FilterDescription, depth: number): RuleForm {
  const chosen = compiledDefault(filter)
  const needs = allNeeds.filter((need) => filter.rules.some(({ comment }) => comment === needComment(need)))
  const without: RuleForm['without'] = []
  const read = filter.rules.flatMap((rule, index) => {
    if (rule.comment?.startsWith('bay:')) return []
    const back = filter.chain === 'root' ? ruleOf(rule) : null
    if (!back) without.push({ number: index + 1, text: textOf(rule) })
    return back ?? []
  })
  const rules = twinsJoined(read)
  // A filter that inherits has its level from there; where the order alone does not say it, each rule says its place.
  const plain = rules.map((rule) => ({ ...rule, priority: null }))
  const asIs = levelsOf(plain, depth).every((level, index) => level === rules[index]?.priority)
  return {
    without,
    form: {
      name: filter.name,
      ...filter.references.length > 0 ? { inherit: filter.references.map((reference) => reference.filter) } : {},
      default: chosen === null ? 'accept' : chosen.in === chosen.out ? chosen.in : chosen,
      ...needs.length === allNeeds.length ? {} : { needs: needs.length > 0 ? needs : 'none' },
      ...rules.length > 0 ? { rules: (asIs ? plain : rules).map(entryOf) } : {},
    },
  }
}

function ruleOf(rule: FilterRuleDescription): Rule | null {
  const { direction, attributes, comment } = rule
  if (direction !== 'in' && direction !== 'out') return null
  const action = actions.find((each) => each === rule.action)
  const [, name = '', v6] = /^(\w+?)(-ipv6)?$/.exec(rule.protocol ?? '') ?? []
  const protocol = protocols.find((each) => each === (name === 'all' ? 'any' : name))
  const level = levelAt(direction, rule.priority)
  const values = valuesOf(attributes, protocol === 'arp' ? 'arp' : '')
  if (!action || !protocol || level === null || !values) return null
  const typed = protocol === 'icmp' || protocol === 'icmpv6' ? values.types : []
  if (protocol !== 'icmp' && protocol !== 'icmpv6' && values.types.length > 0) return null
  const opening = values.states?.join() === 'new,related,invalid' && direction === 'out' && action !== 'accept' && typed.length === 0
  if (action !== 'accept' && direction === 'out' && protocol !== 'arp' && typed.length === 0 && !values.states) return null
  const isEcho = typed[0] === (protocol === 'icmp' ? 8 : 128)
  // Accepted types are matched without a connection, but for the echo; all else with one.
  if (rule.statematch === (action === 'accept' && typed.length > 0 && !isEcho && values.states === null)) return null
  const family = protocol === 'arp' ? null : v6 || protocol === 'icmpv6' ? 'ipv6' : 'ipv4'
  const states = opening ? null : values.states
  return { ...blank, action, direction, protocol, family, ...values, states, comment, priority: level }
}

type Values = Pick<Rule, 'source' | 'destination' | 'sourcePorts' | 'ports' | 'types' | 'states'>

/** Null when an attribute has no form in the language, such as a variable. */
function valuesOf(attributes: Readonly<Record<string, string>>, prefix: 'arp' | ''): Values | null {
  const left = new Map(Object.entries(attributes))
  const take = (name: string) => {
    const value = left.get(name)
    left.delete(name)
    return value
  }
  const addresses = (which: string) => {
    const [one, mask, from, to] = ['ipaddr', 'ipmask', 'ipfrom', 'ipto'].map((name) => take(`${prefix}${which}${name}`))
    return listed<Addresses>(one === undefined ? (from === undefined ? undefined : `${from}-${to ?? from}`) : mask === undefined ? one : `${one}/${mask}`, parseAddresses)
  }
  const ports = (which: string) => {
    const [first, last] = [take(`${which}portstart`), take(`${which}portend`)]
    return listed<Ports>(first === undefined ? undefined : `${first}-${last ?? first}`, parsePorts)
  }
  const [source, destination, sourcePorts, to] = [addresses('src'), addresses('dst'), ports('src'), ports('dst')]
  const type = take('type')
  const said = take('state')?.toLowerCase().split(',')
  const states = said?.flatMap((name) => allStates.find((each) => each === name) ?? []) ?? null
  if (!source || !destination || !sourcePorts || !to || left.size > 0 || states?.length !== said?.length) return null
  const types = type === undefined ? [] : [Number(type)]
  return { source, destination, sourcePorts, ports: to, types, states: states ? inOrder(states) : null }
}

/** None for no text; null for one that cannot be read. */
function listed<T extends { first: unknown }>(text: string | undefined, read: (text: string) => T | { fault: string }): T[] | null {
  if (text === undefined) return []
  const parsed = read(text)
  return 'fault' in parsed ? null : [parsed]
}

function inOrder(states: readonly State[]): State[] {
  return ['new', 'established', 'related', 'invalid'].flatMap((name) => states.find((each) => each === name) ?? [])
}

/** A rule of IPv4 and the same of IPv6 are one that names no family. */
function twinsJoined(rules: readonly Rule[]): Rule[] {
  const key = (rule: Rule) => JSON.stringify(entryOf({ ...rule, family: null }))
  const sixes = new Set(rules.flatMap((rule) => rule.family === 'ipv6' && isBare(rule) ? key(rule) : []))
  const fours = new Set(rules.flatMap((rule) => rule.family === 'ipv4' && isBare(rule) ? key(rule) : []))
  return rules.flatMap((rule) => {
    if (!isBare(rule) || !sixes.has(key(rule)) || !fours.has(key(rule))) return [rule]
    return rule.family === 'ipv4' ? [{ ...rule, family: null }] : []
  })
}

function isBare({ source, destination, protocol }: Rule): boolean {
  return source.length + destination.length === 0 && protocol !== 'icmp' && protocol !== 'icmpv6'
}

/** What is left out says the same. */
function entryOf(rule: Rule): Record<string, unknown> {
  const { action, direction, protocol, family, source, destination, sourcePorts, ports, types, states, comment, priority } = rule
  const several = <T>(list: readonly T[], write: (each: T) => string | number) => {
    const written = list.map(write)
    return written.length === 1 ? written[0] : written
  }
  const port = ({ first, last }: Ports) => first === last ? first : `${first}-${last}`
  const said = family !== null && source.length + destination.length === 0 && protocol !== 'icmp' && protocol !== 'icmpv6'
  return {
    ...action === 'accept' ? {} : { action }, ...direction === 'in' ? {} : { direction }, protocol,
    ...ports.length > 0 ? { ports: several(ports, port) } : {}, ...sourcePorts.length > 0 ? { 'source-ports': several(sourcePorts, port) } : {},
    ...types.length > 0 ? { type: several(types, (type) => icmpTypeName(protocol === 'icmp' ? 'icmp' : 'icmpv6', type)) } : {},
    ...source.length > 0 ? { from: several(source, formatAddresses) } : {},
    ...destination.length > 0 ? { to: several(destination, formatAddresses) } : {},
    ...said ? { family } : {}, ...states ? { state: states } : {},
    ...priority === null ? {} : { priority }, ...comment === null ? {} : { comment },
  }
}

function textOf({ action, direction, protocol, attributes }: FilterRuleDescription): string {
  return [action, direction, protocol ?? 'anything', ...Object.entries(attributes).map((pair) => pair.join('='))].join(' ')
}
