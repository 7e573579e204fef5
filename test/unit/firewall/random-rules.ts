import fc from 'fast-check'
import type { Packet } from '../../../src/firewall/packet.js'
import { parseAddress, type Addresses, type Family } from '../../../src/firewall/addresses.js'
import { levelsOf } from '../../../src/firewall/levels.js'
import { blank, familiesOf, hasPorts, type FilterRules, type Ports, type Protocol, type Rule } from '../../../src/firewall/rule.js'

// A small world, so that random rules and random packets meet.
const places: Record<Family, string[]> = { ipv4: ['10.0.0.1', '10.0.0.2', '10.0.1.1', '192.0.2.9'], ipv6: ['2001:db8::1', '2001:db8::2', '2001:db8:1::1', 'fd00::9'] }
const number = (text: string) => parseAddress(text)?.value ?? 0n
const addresses = (family: Family): fc.Arbitrary<Addresses> => fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => {
  const values = [number(places[family][a] ?? ''), number(places[family][b] ?? '')].sort((x, y) => x < y ? -1 : 1)
  return { family, first: values[0] ?? 0n, last: values[1] ?? 0n }
})
const somePorts = fc.tuple(fc.integer({ min: 20, max: 26 }), fc.nat(3)).map(([first, more]) => ({ first, last: first + more }))
const ports: fc.Arbitrary<Ports[]> = fc.array(somePorts, { maxLength: 2 })

/** Rules about connections, as a file may have them; not of ARP. */
const rules: fc.Arbitrary<Rule> = fc.record({
  action: fc.constantFrom('accept' as const, 'accept' as const, 'drop' as const, 'reject' as const),
  direction: fc.constantFrom('in' as const, 'out' as const),
  protocol: fc.constantFrom<Protocol>('tcp', 'udp', 'icmp', 'icmpv6', 'any', 'sctp'),
  both: fc.boolean(),
  four: fc.array(addresses('ipv4'), { maxLength: 2 }), six: fc.array(addresses('ipv6'), { maxLength: 1 }),
  own: fc.boolean(), ports, sourcePorts: fc.constantFrom<Ports[]>([], [], [{ first: 30, last: 31 }]), echo: fc.boolean(),
  priority: fc.option(fc.constantFrom(5, 300, 880), { freq: 4 }),
  comment: fc.option(fc.constantFrom('a "b" & <c>', 'x'), { freq: 3 }),
}).map(({ action, direction, protocol, both, four, six, own, ports, sourcePorts, echo, priority, comment }) => {
  const families = familiesOf({ protocol, family: null })
  const list = [...families.includes('ipv4') ? four : [], ...families.includes('ipv6') ? six : []]
  const peers = list.length > 0 ? list : []
  const peerFamilies = new Set(peers.map((each) => each.family))
  const family = families.length === 1 ? families[0] ?? null : peers.length > 0 ? (peerFamilies.size === 1 ? peers[0]?.family ?? null : null) : both ? null : 'ipv4'
  const guests: Addresses[] = own && family !== null ? [{ family, first: guestOf(family), last: guestOf(family) }] : []
  const typed = (protocol === 'icmp' || protocol === 'icmpv6') && echo
  return {
    ...blank, action, direction, protocol, family, priority, comment,
    source: direction === 'in' ? peers : guests, destination: direction === 'in' ? guests : peers,
    ports: hasPorts(protocol) ? ports : [], sourcePorts: hasPorts(protocol) ? sourcePorts : [],
    types: typed ? [protocol === 'icmp' ? 8 : 128] : [],
  }
})

export const filters: fc.Arbitrary<FilterRules> = fc.record({
  list: fc.array(rules, { maxLength: 8 }), inward: fc.constantFrom('accept' as const, 'drop' as const), out: fc.constantFrom('accept' as const, 'drop' as const),
}).map(({ list, inward, out }) => ({ name: 'f', line: null, inherit: [], default: { in: inward, out }, needs: [], rules: withoutTies(list) }))

/** What opens a connection of the small world. */
export const openings: fc.Arbitrary<Packet> = fc.record({
  direction: fc.constantFrom('in' as const, 'out' as const), path: fc.constantFrom('bridged' as const, 'routed' as const, 'host' as const),
  family: fc.constantFrom<Family>('ipv4', 'ipv6'), peer: fc.nat(3), protocol: fc.constantFrom('tcp', 'udp', 'echo', 'sctp'),
  port: fc.integer({ min: 19, max: 30 }), sourcePort: fc.constantFrom(30, 31, 40_000),
}).map(({ direction, path, family, peer, protocol, port, sourcePort }) => {
  const other = number(places[family][peer] ?? '')
  const [source, destination] = direction === 'in' ? [other, guestOf(family)] : [guestOf(family), other]
  const echo = protocol === 'echo'
  const numbers: Record<string, number> = { tcp: 6, udp: 17, sctp: 132, echo: family === 'ipv4' ? 1 : 58 }
  const macs = ['02:00:00:00:00:01', '52:54:00:00:00:05']
  return {
    direction, path, sourceMac: macs[direction === 'in' ? 0 : 1] ?? '', destinationMac: macs[direction === 'in' ? 1 : 0] ?? '',
    ethertype: family === 'ipv4' ? 0x800 : 0x86dd, arp: null, state: 'new', reply: false,
    ip: {
      family, source, destination, protocol: numbers[protocol] ?? 6, sourcePort: echo ? null : sourcePort, port: echo ? null : port,
      icmpType: echo ? (family === 'ipv4' ? 8 : 128) : null, icmpCode: echo ? 0 : null,
    },
  }
})

/** What the rule language says: the first rule of its direction that matches, else the default. */
export function said(filter: FilterRules, packet: Packet): 'accept' | 'drop' {
  const levels = levelsOf(filter.rules, 0)
  const order = filter.rules.map((rule, index) => ({ rule, level: levels[index] ?? 0, index }))
    .sort((a, b) => a.level - b.level || a.index - b.index)
  const first = order.find(({ rule }) => rule.direction === packet.direction && isAbout(rule, packet))
  const action = first?.rule.action ?? filter.default?.[packet.direction] ?? 'drop'
  return action === 'accept' ? 'accept' : 'drop'
}

function isAbout(rule: Rule, { ip }: Packet): boolean {
  if (!ip || !familiesOf(rule).includes(ip.family)) return false
  const number = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58, arp: -1, any: ip.protocol }[rule.protocol]
  const within = (list: readonly Addresses[], value: bigint) => list.length === 0
    || list.some(({ family, first, last }) => family === ip.family && first <= value && value <= last)
  const at = (list: readonly Ports[], value: number | null) => list.length === 0
    || list.some(({ first, last }) => value !== null && first <= value && value <= last)
  return number === ip.protocol && within(rule.source, ip.source) && within(rule.destination, ip.destination)
    && at(rule.ports, ip.port) && at(rule.sourcePorts, ip.sourcePort)
    && (rule.types.length === 0 || rule.types.includes(ip.icmpType ?? -1))
}

function guestOf(family: Family): bigint {
  return number(family === 'ipv4' ? '10.0.0.50' : '2001:db8::50')
}

/** Of rules that do different things at one level libvirt says no order: whoever writes priorities keeps them apart. */
function withoutTies(list: readonly Rule[]): Rule[] {
  const seen = new Map<string, boolean>()
  return list.filter(({ direction, action, priority }) => {
    const key = `${direction} ${priority}`
    if (priority === null) return true
    const accepts = action === 'accept'
    if (seen.has(key)) return seen.get(key) === accepts
    seen.set(key, accepts)
    return true
  })
}
