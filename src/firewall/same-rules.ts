import type { FilterDescription, FilterRuleDescription } from '../xml/filter.js'
import { parseAddress } from './addresses.js'

/** The first rule that libvirt did not keep as it was written. Null when all is as it was. */
export function firstDifference(wanted: FilterDescription, kept: FilterDescription): string | null {
  if (wanted.chain !== kept.chain) return `the chain is ${kept.chain}, not ${wanted.chain}`
  const references = ({ references: list }: FilterDescription) => list.map((each) => JSON.stringify(each))
  if (references(wanted).join() !== references(kept).join()) return 'the references are not the same'
  if (wanted.rules.length !== kept.rules.length) return `${kept.rules.length} of ${wanted.rules.length} rules are there`
  const [expected, there] = [wanted, kept].map(({ rules }) => inOrder(rules))
  const at = expected?.findIndex((rule, index) => rule !== there?.[index]) ?? -1
  return at < 0 ? null : `one rule is ${there?.[at]}, not ${expected?.[at]}`
}

/** By priority: what is written first of those that have the same, matters only where somebody else wrote them. */
function inOrder(rules: readonly FilterRuleDescription[]): string[] {
  return [...rules].map((rule) => ({ rule, text: canonical(rule) }))
    .sort((a, b) => a.rule.priority - b.rule.priority || (a.text < b.text ? -1 : 1)).map(({ text }) => text)
}

/** A rule as a text that is the same for all ways to write it. */
function canonical(rule: FilterRuleDescription): string {
  const { action, direction, priority, statematch, protocol, attributes, comment } = rule
  const values = Object.entries(attributes).map(([name, value]) => `${name}=${canonicalValue(name, value)}`).sort()
  return [action, direction, priority, statematch ? '' : 'stateless', protocol ?? 'anything', ...values, comment ?? ''].filter((each) => each !== '').join(' ')
}

function canonicalValue(name: string, value: string): string {
  if (name === 'state') return value.split(',').sort().join()
  const address = parseAddress(value)
  return address ? String(address.value) : value.toLowerCase()
}
