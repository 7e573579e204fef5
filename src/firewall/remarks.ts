import { covers as coversAddresses, type Addresses, type Family } from './addresses.js'
import { levelsOf } from './levels.js'
import { familiesOf, type FilterRules, type Ports, type Rule } from './rule.js'

/** A rule that changes nothing, and the one before it that says why. */
export interface Remark {
  kind: 'duplicate' | 'contradictory' | 'shadowed' | 'redundant'
  line: number | null
  /** where the other one is */
  by: number | null
  text: string
}

/** The rules of a filter that never decide anything, because one single rule before them matches all that they match. */
export function remarksOn({ rules }: Pick<FilterRules, 'rules'>): Remark[] {
  const levels = levelsOf(rules, 0)
  const order = rules.map((rule, index) => ({ rule, level: levels[index] ?? 0, index }))
    .sort((a, b) => a.level - b.level || a.index - b.index)
  return order.flatMap(({ rule }, at) => {
    const above = order.slice(0, at).find((earlier) => covers(earlier.rule, rule))?.rule
    return above ? [remark(rule, above)] : []
  })
}

function remark(rule: Rule, above: Rule): Remark {
  const same = rule.action === above.action
  const equal = covers(rule, above)
  const by = above.line === null ? 'another rule' : `line ${above.line}`
  const what = {
    duplicate: `the same as ${by}`,
    redundant: `${by} ${verb(above)} all of it already`,
    contradictory: `${by} says the opposite of the same, and comes first`,
    shadowed: `it never decides: ${by} ${verb(above)} all of it first`,
  }
  const kind = same ? (equal ? 'duplicate' : 'redundant') : (equal ? 'contradictory' : 'shadowed')
  return { kind, line: rule.line, by: above.line, text: what[kind] }
}

function verb({ action }: Rule): string {
  return `${action}s`
}

/** Whether every packet that `inner` matches is matched by `outer`. */
function covers(outer: Rule, inner: Rule): boolean {
  if (outer.direction !== inner.direction || !coversStates(outer, inner) || !coversProtocol(outer, inner)) return false
  const addresses = familiesOf(inner).every((family) => familiesOf(outer).includes(family)
    && within(outer.source, inner.source, family) && within(outer.destination, inner.destination, family))
  return addresses && coversAll(outer.ports, inner.ports, coversPorts)
    && coversAll(outer.sourcePorts, inner.sourcePorts, coversPorts) && coversAll(outer.types, inner.types, (a, b) => a === b)
}

function coversStates(outer: Rule, inner: Rule): boolean {
  if (outer.states === null || inner.states === null) return outer.states === inner.states
  return inner.states.every((state) => outer.states?.includes(state))
}

/** What is typed is no part of a connection, which `any` is about. */
function coversProtocol(outer: Rule, inner: Rule): boolean {
  if (outer.protocol === inner.protocol) return true
  return outer.protocol === 'any' && inner.protocol !== 'arp' && inner.types.length === 0
}

function coversPorts(outer: Ports, inner: Ports): boolean {
  return outer.first <= inner.first && outer.last >= inner.last
}

function within(outer: readonly Addresses[], inner: readonly Addresses[], family: Family): boolean {
  if (inner.length > 0 && !inner.some((each) => each.family === family)) return true
  return coversAll(outer, inner.filter((each) => each.family === family), coversAddresses)
}

/** An empty list is everything. */
function coversAll<T>(outer: readonly T[], inner: readonly T[], covering: (a: T, b: T) => boolean): boolean {
  if (outer.length === 0) return true
  return inner.length > 0 && inner.every((one) => outer.some((each) => covering(each, one)))
}
