import { formatAddress, parseAddress, type Family } from './addresses.js'
import { evaluateConnection, type Verdict } from './evaluate.js'
import type { Installed, InstalledRule } from './installed.js'
import { ethertypes, type Packet } from './packet.js'

/** A connection that is decided otherwise by other rules. */
export interface ChangedTraffic {
  direction: 'in' | 'out'
  protocol: string
  port: number | null
  peer: string
  before: Verdict['verdict']
  after: Verdict['verdict']
}

interface ProbedNic { mac: string, addresses: readonly string[] }

interface Probe { direction: 'in' | 'out', protocol: number, port: number | null, family: Family, peer: bigint }

const names: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' }
const elsewhere: Record<Family, bigint> = { ipv4: 0xc6336407n, ipv6: (0x20010db8ffffn << 80n) + 7n }
const guest: Record<Family, bigint> = { ipv4: 0xc0000205n, ipv6: (0x20010db8n << 96n) + 5n }

/**
 * The connections that become something else when the rules of an interface are replaced, as far as they show at the edges of
 * what either set of rules names: the first and last of its ports and addresses, what is just beside them, and all else.
 */
export function changedTraffic(before: Installed, after: Installed, nic: ProbedNic): ChangedTraffic[] {
  const probes = [...probesOf(before), ...probesOf(after)]
  const found = new Map(probes.flatMap((probe) => {
    const packet = packetOf(probe, nic)
    const [old, now] = [before, after].map((rules) => evaluateConnection(rules, packet).verdict)
    if (old === undefined || now === undefined || old === now) return []
    const { direction, port } = probe
    const protocol = names[probe.protocol] ?? String(probe.protocol)
    const traffic = { direction, protocol, port, peer: peerOf(probe), before: old, after: now }
    return [[JSON.stringify(traffic), traffic]]
  }))
  return [...found.values()]
}

function peerOf({ family, peer }: Probe): string {
  return peer === elsewhere[family] ? `any ${family === 'ipv4' ? 'IPv4' : 'IPv6'}` : formatAddress(family, peer)
}

function probesOf({ ip }: Installed): Probe[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const rules = [...ip[family]?.FO ?? [], ...ip[family]?.FI ?? []]
    const protocols = family === 'ipv4' ? [6, 17, 1, 132] : [6, 17, 58, 132]
    const general = protocols.map((protocol) => ({ protocol, ports: [9], peers: [elsewhere[family]] }))
    const edges = rules.map((rule) => ({ ...edgesOf(rule, family), protocol: protocolOf(rule) }))
    return [...general, ...edges].flatMap(({ protocol, ports, peers }) =>
      (['in', 'out'] as const).flatMap((direction) => peers.flatMap((peer) =>
        (hasPorts(protocol) ? ports : [null]).map((port) => ({ direction, protocol, family, peer, port })))))
  })
}

function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132
}

function protocolOf({ rule }: InstalledRule): number {
  const name = rule.protocol?.replace(/-ipv6$/, '')
  return name === 'udp' ? 17 : name === 'icmp' ? 1 : name === 'icmpv6' ? 58 : name === 'sctp' ? 132 : 6
}

function edgesOf({ attributes }: InstalledRule, family: Family): { ports: number[], peers: bigint[] } {
  const ports = ['src', 'dst'].flatMap((which) => {
    const [first, last] = [attributes[`${which}portstart`], attributes[`${which}portend`]]
    if (first === undefined) return []
    const [low, high] = [Number(first), Number(last ?? first)]
    return [low - 1, low, high, high + 1].filter((port) => port >= 1 && port <= 65535)
  })
  const peers = ['srcipaddr', 'dstipaddr', 'srcipfrom', 'dstipfrom', 'srcipto', 'dstipto'].flatMap((name) => {
    const parsed = parseAddress(attributes[name] ?? '')
    return parsed?.family === family ? [parsed.value] : []
  })
  return { ports: ports.length > 0 ? ports : [9], peers: [...new Set([...peers, elsewhere[family]])] }
}

function packetOf({ direction, protocol, port, family, peer }: Probe, { mac, addresses }: ProbedNic): Packet {
  const own = addresses.map((text) => parseAddress(text)).find((parsed) => parsed?.family === family)?.value ?? guest[family]
  const [source, destination] = direction === 'out' ? [own, peer] : [peer, own]
  const other = '02:00:00:00:00:01'
  const [sourceMac, destinationMac] = direction === 'out' ? [mac, other] as const : [other, mac] as const
  return {
    direction, path: 'bridged', sourceMac, destinationMac, ethertype: ethertypes[family] ?? 0, arp: null, state: 'new', reply: false,
    ip: {
      family, source, destination, protocol, sourcePort: hasPorts(protocol) ? 45_678 : null, port,
      icmpType: protocol === 1 ? 8 : protocol === 58 ? 128 : null, icmpCode: hasPorts(protocol) ? null : 0,
    },
  }
}
