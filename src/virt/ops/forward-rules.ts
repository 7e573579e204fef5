import { overlap, type Subnet } from './network-subnet.js'
import { subnetAround } from './network-subnet.js'

/** What becomes of a guest's first packet that is to be forwarded, and what decided it. */
export interface Verdict { accepted: boolean, by: string }

/**
 * Follows a new packet from a bridge through the chain FORWARD, as `iptables -S` prints the filter table. A rule that asks for more
 * than where the packet comes from (its state, its port) is taken not to match.
 */
export function forwardVerdict(rules: string, from: { bridge: string, subnet: Subnet | null }): Verdict {
  const lines = rules.split('\n').map((line) => line.trim().split(/\s+/))
  const policy = lines.find(([flag, chain]) => flag === '-P' && chain === 'FORWARD')?.[2] ?? 'ACCEPT'
  const walk = (chain: string, depth: number): Verdict | null => {
    for (const [, , ...rule] of lines.filter(([flag, name]) => flag === '-A' && name === chain)) {
      const target = targetOf(rule, from)
      if (target === null) continue
      if (target === 'RETURN') return null
      if (target === 'ACCEPT') return { accepted: true, by: `${chain}: ${rule.join(' ')}` }
      if (target === 'DROP' || target === 'REJECT') return { accepted: false, by: `the rule ${rule.join(' ')} of the chain ${chain}` }
      const found = depth < 32 ? walk(target, depth + 1) : null
      if (found) return found
    }
    return null
  }
  return walk('FORWARD', 0) ?? { accepted: policy === 'ACCEPT', by: `the policy ${policy} of the chain FORWARD` }
}

/** Where a rule sends the packet; null when it does not match, or may not. */
function targetOf(rule: readonly string[], { bridge, subnet }: { bridge: string, subnet: Subnet | null }): string | null {
  for (let at = 0; at < rule.length; at += 2) {
    const [option, value = ''] = rule.slice(at)
    if (option === '-j' || option === '-g') return value
    if (option === '-i' && matches(value, bridge)) continue
    if (option === '-s' && subnet !== null && holds(value, subnet)) continue
    return null
  }
  return null
}

function matches(pattern: string, device: string): boolean {
  return pattern.endsWith('+') ? device.startsWith(pattern.slice(0, -1)) : pattern === device
}

function holds(text: string, subnet: Subnet): boolean {
  const [address = '', prefix] = text.split('/')
  const other = subnetAround(address, prefix === undefined ? 32 : Number(prefix))
  return other !== null && other.prefix <= subnet.prefix && overlap(other, subnet)
}

/** Who has set up this firewall, as far as the names of its chains tell. */
export function ownerOf(rules: string): 'docker' | 'ufw' | 'firewalld' | null {
  if (/^-N DOCKER/m.test(rules)) return 'docker'
  if (/^-N ufw-/m.test(rules)) return 'ufw'
  return /^-N FWD[IO]_|^-N FORWARD_(?:IN|OUT)_ZONES/m.test(rules) ? 'firewalld' : null
}
