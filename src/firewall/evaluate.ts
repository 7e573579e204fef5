import type { InstalledRule, Installed, SubChain } from './installed.js'
import { matches } from './match-rule.js'
import type { Packet } from './packet.js'

/** What becomes of a packet, and the rule that decided; null when none did, and it passes. */
export interface Verdict {
  verdict: 'accept' | 'drop' | 'unknown'
  by: InstalledRule | null
  /** where it was decided */
  layer: 'ethernet' | 'ip' | null
}

const passed: Verdict = { verdict: 'accept', by: null, layer: null }

/** What libvirt's rules of one interface do with a packet. */
export function evaluate(installed: Installed, packet: Packet): Verdict {
  const layers = packet.direction === 'out' ? [onEthernet, onIp] : [onIp, onEthernet]
  let last = passed
  for (const layer of layers) {
    const result = layer(installed, packet)
    if (result.verdict !== 'accept') return result
    if (result.by && (result.layer === 'ip' || !last.by)) last = result
  }
  return last
}

function onEthernet({ ethernet }: Installed, packet: Packet): Verdict {
  for (const entry of ethernet[packet.direction]) {
    if ('chain' in entry && !joins(entry, packet)) continue
    const rules = 'chain' in entry ? entry.rules : [entry]
    let returned = false
    for (const rule of rules) {
      const match = matches(rule, packet)
      if (match === null) return { verdict: 'unknown', by: rule, layer: 'ethernet' }
      if (!match || rule.rule.action === 'continue') continue
      // In a chain it goes back to the root's; in the root's it is through.
      if (rule.rule.action === 'return') {
        if (!('chain' in entry)) return passed
        returned = true
        break
      }
      return { verdict: rule.rule.action === 'accept' ? 'accept' : 'drop', by: rule, layer: 'ethernet' }
    }
    // At its end a chain accepts, as ebtables makes them, although it lists them as returning: seen with real packets.
    if ('chain' in entry && !returned) return passed
  }
  return passed
}

const chainTypes: readonly [prefix: string, ethertype: number][] = [
  ['ipv4', 0x800], ['ipv6', 0x86dd], ['arp', 0x806], ['rarp', 0x8035], ['vlan', 0x8100],
]

function joins({ chain }: SubChain, packet: Packet): boolean {
  if (chain.startsWith('stp')) return packet.destinationMac === '01:80:c2:00:00:00'
  const type = chainTypes.find(([prefix]) => chain.startsWith(prefix))?.[1]
  return type === undefined || type === packet.ethertype
}

/** What the host sends or forwards to a guest does not come by: it is not bridged. */
function onIp({ ip }: Installed, packet: Packet): Verdict {
  if (packet.ip === null || (packet.direction === 'in' && packet.path !== 'bridged')) return passed
  const chain = packet.direction === 'in' ? 'FO' : packet.path === 'host' ? 'HI' : 'FI'
  for (const rule of ip[packet.ip.family]?.[chain] ?? []) {
    const match = matches(rule, packet)
    if (match === null) return { verdict: 'unknown', by: rule, layer: 'ip' }
    if (!match) continue
    return { verdict: ['accept', 'return'].includes(rule.rule.action) ? 'accept' : 'drop', by: rule, layer: 'ip' }
  }
  return passed
}

/** A packet, and the one that answers it: a connection needs both. */
export function evaluateConnection(installed: Installed, first: Packet): { first: Verdict, answer: Verdict | null, verdict: Verdict['verdict'] } {
  const one = evaluate(installed, first)
  const answer = answerTo(first)
  if (one.verdict !== 'accept' || !answer) return { first: one, answer: null, verdict: one.verdict }
  const two = evaluate(installed, answer)
  return { first: one, answer: two, verdict: two.verdict }
}

/** Null for what is not answered, or by somebody else: ICMP but for the echo, broadcast and multicast. */
function answerTo({ ip, ...packet }: Packet): Packet | null {
  if (ip === null || packet.state === 'untracked' || isGroup(ip.family, ip.destination)) return null
  const echo: Record<number, number | undefined> = ip.protocol === 1 ? { 8: 0 } : ip.protocol === 58 ? { 128: 129 } : {}
  if ((ip.protocol === 1 || ip.protocol === 58) && echo[ip.icmpType ?? -1] === undefined) return null
  return {
    ...packet, direction: packet.direction === 'in' ? 'out' : 'in', state: 'established', reply: !packet.reply,
    sourceMac: packet.destinationMac, destinationMac: packet.sourceMac,
    ip: {
      ...ip, source: ip.destination, destination: ip.source, sourcePort: ip.port, port: ip.sourcePort,
      icmpType: echo[ip.icmpType ?? -1] ?? ip.icmpType,
    },
  }
}

function isGroup(family: 'ipv4' | 'ipv6', address: bigint): boolean {
  return family === 'ipv4' ? address >> 28n === 0xen || address === 0xffffffffn : address >> 120n === 0xffn
}
