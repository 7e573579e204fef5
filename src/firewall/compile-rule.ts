import type { FilterRuleSpec } from '../xml/filter.js'
import type { Attributes } from '../xml/node.js'
import { formatAddress, prefixOf, type Addresses, type Family } from './addresses.js'
import { icmpTypes } from './icmp-types.js'
import { familiesOf, type Ports, type Rule } from './rule.js'

/** What stands in the comment of a rule that answers what another one lets through. */
const answerComment = 'bay:answer'

/**
 * libvirt's rules for one rule, at a priority.
 *
 * An accepting rule is about connections: libvirt matches the opening direction and lets the answers through, told apart by the
 * kernel's table of connections. A dropping rule has no such match: libvirt drops what comes and what would answer it, which also
 * stops what the host itself, or the world through it, opens: that reaches the guest past libvirt's rules, but its answers do not
 * get back. From inside every first packet passes the rules, so there dropping what is new is enough, and nothing else is touched.
 */
export function compileRule(rule: Rule, priority: number): FilterRuleSpec[] {
  if (rule.protocol === 'arp') return arpRules(rule, priority)
  return familiesOf(rule).flatMap((family) => {
    const sources = inFamily(rule.source, family)
    const destinations = inFamily(rule.destination, family)
    return sources.flatMap((source) => destinations.flatMap((destination) => orAny(rule.sourcePorts).flatMap((sourcePorts) =>
      orAny(rule.ports).flatMap((ports) => orAny(rule.types).flatMap((type) =>
        rulesOf(rule, priority, { family, source, destination, sourcePorts, ports, type }))))))
  })
}

interface Box {
  family: Family
  source: Addresses | null
  destination: Addresses | null
  sourcePorts: Ports | null
  ports: Ports | null
  type: number | null
}

function rulesOf(rule: Rule, priority: number, box: Box): FilterRuleSpec[] {
  const base = { action: rule.action, direction: rule.direction, priority, protocol: elementOf(rule, box.family) }
  const comment = rule.comment ?? undefined
  const attributes = attributesOf(box)
  if (rule.states !== null) return [{ ...base, comment, attributes: { ...attributes, state: rule.states.map((state) => state.toUpperCase()).join(',') } }]
  if (box.type !== null) return typedRules(rule, { ...base, comment, attributes }, box)
  if (rule.action === 'accept' || rule.direction === 'in') return [{ ...base, comment, attributes }]
  return [{ ...base, comment, attributes: { ...attributes, state: 'NEW,RELATED,INVALID' } }]
}

/**
 * Of typed ICMP libvirt makes no rule for the answers, so an echo request has one of its own; dropped, it may still have come from
 * the host. The others are no part of a connection that the kernel knows, so they are matched without one.
 */
function typedRules(rule: Rule, spec: FilterRuleSpec, box: Box): FilterRuleSpec[] {
  const types = icmpTypes[rule.protocol === 'icmp' ? 'icmp' : 'icmpv6']
  const isEcho = box.type === types['echo-request']
  if (!isEcho) return [rule.action === 'accept' ? { ...spec, statematch: false } : spec]
  if (rule.action !== 'accept' && rule.direction === 'out') return [spec]
  const answer: Box = { ...box, source: box.destination, destination: box.source, type: types['echo-reply'] }
  const action = rule.action === 'accept' ? 'accept' : 'drop'
  const direction = rule.direction === 'in' ? 'out' : 'in'
  return [spec, { ...spec, action, direction, attributes: attributesOf(answer), comment: answerComment }]
}

function elementOf({ protocol }: Rule, family: Family): string {
  if (protocol === 'icmp' || protocol === 'icmpv6') return protocol
  const name = protocol === 'any' ? 'all' : protocol
  return family === 'ipv4' ? name : `${name}-ipv6`
}

function attributesOf({ source, destination, sourcePorts, ports, type }: Box): Attributes {
  return {
    ...addressAttributes('src', source), ...addressAttributes('dst', destination),
    ...portAttributes('src', sourcePorts), ...portAttributes('dst', ports),
    ...type === null ? {} : { type },
  }
}

function addressAttributes(which: 'src' | 'dst', addresses: Addresses | null): Attributes {
  if (addresses === null) return {}
  const { family, first, last } = addresses
  const prefix = prefixOf(addresses)
  if (prefix === null) return { [`${which}ipfrom`]: formatAddress(family, first), [`${which}ipto`]: formatAddress(family, last) }
  const whole = first === last
  return { [`${which}ipaddr`]: formatAddress(family, first), ...whole ? {} : { [`${which}ipmask`]: prefix } }
}

function portAttributes(which: 'src' | 'dst', ports: Ports | null): Attributes {
  if (ports === null) return {}
  return { [`${which}portstart`]: ports.first, ...ports.first === ports.last ? {} : { [`${which}portend`]: ports.last } }
}

function arpRules(rule: Rule, priority: number): FilterRuleSpec[] {
  return orAny(rule.source).flatMap((source) => orAny(rule.destination).map((destination) => ({
    action: rule.action, direction: rule.direction, priority, protocol: 'arp', comment: rule.comment ?? undefined,
    attributes: {
      ...source === null ? {} : { arpsrcipaddr: formatAddress(source.family, source.first) },
      ...destination === null ? {} : { arpdstipaddr: formatAddress(destination.family, destination.first) },
    },
  })))
}

/** Those of the family; any, as null, when the rule names none at all. */
function inFamily(list: readonly Addresses[], family: Family): (Addresses | null)[] {
  return list.length === 0 ? [null] : list.filter((each) => each.family === family)
}

function orAny<T>(list: readonly T[]): (T | null)[] {
  return list.length === 0 ? [null] : [...list]
}
