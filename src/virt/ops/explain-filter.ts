import type { Installed, InstalledRule } from '../../firewall/installed.js'
import { wordsOf } from '../../firewall/words.js'

export interface ExplainedRule {
  /** of the packet */
  direction: 'in' | 'out'
  layer: 'ethernet' | 'ipv4' | 'ipv6'
  /** where it stands in the kernel: `root` or a chain of Ethernet rules; FI, FO or HI of those for IP */
  chain: string
  action: string
  text: string
  filter: string
  /** its place in the filter, from 1 */
  rule: number
  comment: string | null
}

/** The rules of an interface in the order in which the kernel goes through them. */
export function explainRules({ ethernet, ip }: Installed): ExplainedRule[] {
  const ipRules = (chains: readonly ('FI' | 'FO' | 'HI')[], direction: 'in' | 'out') => (['ipv4', 'ipv6'] as const).flatMap((family) =>
    chains.flatMap((chain) => (ip[family]?.[chain] ?? []).map((rule) => explained(rule, { direction, layer: family, chain }))))
  const ethernetRules = (direction: 'in' | 'out') => ethernet[direction].flatMap((entry) => 'chain' in entry
    ? entry.rules.map((rule) => explained(rule, { direction, layer: 'ethernet', chain: entry.chain }))
    : [explained(entry, { direction, layer: 'ethernet', chain: 'root' })])
  return [...ipRules(['FO'], 'in'), ...ethernetRules('in'), ...ethernetRules('out'), ...ipRules(['FI', 'HI'], 'out')]
}

function explained(installed: InstalledRule, where: Pick<ExplainedRule, 'direction' | 'layer' | 'chain'>): ExplainedRule {
  const { rule, filter, number } = installed
  return { ...where, action: rule.action, text: wordsOf(installed), filter, rule: number, comment: rule.comment }
}
