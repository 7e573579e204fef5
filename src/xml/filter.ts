import { UsageError } from '../errors.js'
import { el, parse } from './node.js'
import type { Attributes, XmlElement } from './node.js'
import { integer, whole } from './numbers.js'
import { attr, child, children, textOf } from './tree.js'

/** A value for a variable of the filter, such as IP or CTRL_IP_LEARNING; repeat the name for a list. */
export interface FilterParameter { name: string, value: string }

export interface FilterReference { filter: string, parameters: readonly FilterParameter[] }

export interface FilterRuleSpec {
  action: 'accept' | 'drop' | 'reject' | 'return' | 'continue'
  direction: 'in' | 'out' | 'inout'
  /** -1000 to 1000, low first; 500 when left out. */
  priority?: number
  /** False keeps connections that are open out of the match; libvirt knows no other value. */
  statematch?: false
  /** The protocol's element: `tcp`, `all-ipv6`, `mac` …; a rule without one matches everything. */
  protocol?: string
  /** The protocol element's own, in libvirt's names: `dstportstart`, `srcipaddr` with `srcipmask` … */
  attributes?: Attributes
  /** Kept by libvirt: a place to say whose rule it is. */
  comment?: string
}

export interface FilterSpec {
  name: string
  /** Must be the old one when a filter is redefined. */
  uuid?: string
  /** `root` when left out. */
  chain?: string
  /** Of the chain, -1000 to 1000. */
  priority?: number
  rules: readonly FilterRuleSpec[]
  refs?: readonly FilterReference[]
}

export interface FilterRuleDescription {
  action: string
  direction: string
  priority: number
  statematch: boolean
  protocol: string | null
  /** Without the comment. */
  attributes: Record<string, string>
  comment: string | null
}

export interface FilterDescription {
  name: string
  uuid: string | null
  chain: string
  priority: number | null
  rules: FilterRuleDescription[]
  references: FilterReference[]
}

/**
 * A `<filter>` (https://libvirt.org/formatnwfilter.html), references first, then the rules in order.
 * Throws UsageError for a priority out of range or attributes without a protocol; define it with VALIDATE all the same.
 */
export function filterElement(spec: FilterSpec): XmlElement {
  return el('filter', { name: spec.name, chain: spec.chain, priority: priority(spec.priority, 'a chain') },
    spec.uuid && el('uuid', {}, spec.uuid),
    ...(spec.refs ?? []).map(filterReferenceElement),
    ...spec.rules.map(ruleElement),
  )
}

/** A `<filterref>`, in a filter or in a domain's interface. */
export function filterReferenceElement({ filter, parameters }: FilterReference): XmlElement {
  return el('filterref', { filter }, ...parameters.map(({ name, value }) => el('parameter', { name, value })))
}

/** What a filter's XML says. Throws UsageError for what is no XML. */
export function readFilter(xml: string): FilterDescription {
  const root = parse(xml)
  return {
    name: attr(root, 'name') ?? '',
    uuid: textOf(child(root, 'uuid')) ?? null,
    chain: attr(root, 'chain') ?? 'root',
    priority: integer(attr(root, 'priority')),
    rules: children(root, 'rule').map(readRule),
    references: children(root, 'filterref').map(readFilterReference),
  }
}

/** The rules and references of a filter as they stand, one after the other; libvirt takes them in this order. */
export function readFilterEntries(xml: string): (FilterRuleDescription | FilterReference)[] {
  return children(parse(xml)).flatMap((element) => element.name === 'rule' ? readRule(element) : element.name === 'filterref' ? readFilterReference(element) : [])
}

function ruleElement(rule: FilterRuleSpec): XmlElement {
  if (rule.protocol === undefined && (rule.attributes || rule.comment !== undefined)) {
    throw new UsageError('a filter rule needs a protocol to hold attributes or a comment')
  }
  return el('rule', {
    action: rule.action,
    direction: rule.direction,
    priority: priority(rule.priority, 'a rule'),
    statematch: rule.statematch === false ? 'false' : null,
  }, rule.protocol !== undefined && el(rule.protocol, { ...rule.attributes, comment: rule.comment }))
}

function readRule(rule: XmlElement): FilterRuleDescription {
  const [protocol] = children(rule)
  const { comment = null, ...attributes } = protocol?.attributes ?? {}
  return {
    action: attr(rule, 'action') ?? '',
    direction: attr(rule, 'direction') ?? '',
    priority: integer(attr(rule, 'priority')) ?? 500,
    statematch: !/^(false|0)$/i.test(attr(rule, 'statematch') ?? ''),
    protocol: protocol?.name ?? null,
    attributes,
    comment,
  }
}

function readFilterReference(element: XmlElement): FilterReference {
  const parameters = children(element, 'parameter')
    .map((parameter) => ({ name: attr(parameter, 'name') ?? '', value: attr(parameter, 'value') ?? '' }))
  return { filter: attr(element, 'filter') ?? '', parameters }
}

/** libvirt turns what is out of range into the default and says nothing. */
function priority(value: number | undefined, whose: string): number | undefined {
  return value === undefined ? undefined : whole(value, `the priority of ${whose}`, { min: -1000, max: 1000 })
}
