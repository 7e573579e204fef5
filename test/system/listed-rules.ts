import { parseAddress } from '../../src/firewall/addresses.js'
import type { Packet } from '../../src/firewall/packet.js'
import type { Rig } from './rig.js'

/**
 * The rules of one interface as the kernel's own programs list them, followed one by one: a second opinion on what becomes of a
 * packet, which knows nothing of libvirt's filters. Throws at whatever it does not know.
 */
export class ListedRules {
  readonly #tap: string
  readonly #ethernet: Table
  readonly #ip: Record<'ipv4' | 'ipv6', Table>

  constructor(tap: string, { ethernet, ipv4, ipv6 }: Record<'ethernet' | 'ipv4' | 'ipv6', string>) {
    this.#tap = tap
    this.#ethernet = parseTable(ethernet.split('*nat')[1]?.split('\n*')[0] ?? '')
    this.#ip = { ipv4: parseTable(ipv4), ipv6: parseTable(ipv6) }
  }

  static async of(rig: Rig, tap: string): Promise<ListedRules> {
    const [ethernet = '', ipv4 = '', ipv6 = ''] = await Promise.all([['ebtables-save'], ['iptables', '-S'], ['ip6tables', '-S']].map(async (command) => {
      const { code, stdout, stderr } = await rig.host.exec(command)
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
      return stdout
    }))
    return new ListedRules(tap, { ethernet, ipv4, ipv6 })
  }

  /** How many rules each chain of the interface has: `I-ipv4 3`, `ipv6 FO 7`. */
  counts(): string[] {
    const tables = [['', this.#ethernet], ['ipv4 ', this.#ip.ipv4], ['ipv6 ', this.#ip.ipv6]] as const
    return tables.flatMap(([prefix, table]) => [...table].flatMap(([name, { rules }]) => {
      const [, chain, sub = ''] = new RegExp(`^(?:libvirt-)?(I|O|FI|FO|HI)-${this.#tap}(-.+)?$`).exec(name) ?? []
      return chain === undefined ? [] : `${prefix}${chain}${sub} ${rules.length}`
    })).sort()
  }

  verdict(packet: Packet): 'accept' | 'drop' {
    const seen = { packet, tap: this.#tap }
    const layers = [this.#onEthernet.bind(this), this.#onIp.bind(this)]
    if (packet.direction === 'in') layers.reverse()
    return layers.every((layer) => layer(seen)) ? 'accept' : 'drop'
  }

  #onEthernet(seen: Seen): boolean {
    return walk(this.#ethernet, seen.packet.direction === 'out' ? 'PREROUTING' : 'POSTROUTING', seen) !== 'drop'
  }

  /** By libvirt's chains only: the others are the networks'. What the host sends passes none of them. */
  #onIp(seen: Seen): boolean {
    const { ip, direction, path } = seen.packet
    if (ip === null || (direction === 'in' && path === 'host')) return true
    for (const chain of path === 'host' ? ['libvirt-host-in'] : ['libvirt-in', 'libvirt-out', 'libvirt-in-post']) {
      const verdict = walk(this.#ip[ip.family], chain, seen)
      if (verdict !== null) return verdict === 'accept'
    }
    return true
  }
}

interface Seen { packet: Packet, tap: string }
type Condition = (seen: Seen) => boolean
interface Listed { conditions: Condition[], target: string, goes: boolean }
type Table = Map<string, { policy: string, rules: Listed[] }>

/** Null: back to where it came from. */
function walk(table: Table, chain: string, seen: Seen): 'accept' | 'drop' | null {
  const { policy, rules } = table.get(chain) ?? { policy: '-', rules: [] }
  for (const { conditions, target, goes } of rules) {
    if (target === 'CONTINUE' || !conditions.every((holds) => holds(seen))) continue
    if (target === 'RETURN') return null
    const verdict = target === 'ACCEPT' ? 'accept' : target === 'DROP' || target === 'REJECT' ? 'drop' : walk(table, target, seen)
    if (verdict !== null || goes) return verdict
  }
  // Chains of iptables that were made by hand have no policy; those of ebtables accept.
  return policy === 'ACCEPT' ? 'accept' : policy === 'DROP' ? 'drop' : null
}

function parseTable(text: string): Table {
  const table: Table = new Map()
  for (const line of text.split('\n')) {
    const [first = '', name = '', ...rest] = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []
    if (first === '-P' || first === '-N') table.set(name, { policy: rest[0] ?? '-', rules: [] })
    else if (first.startsWith(':')) table.set(first.slice(1), { policy: name, rules: [] })
    else if (first === '-A') table.get(name)?.rules.push(parseRule(rest, line))
  }
  return table
}

function parseRule(words: readonly string[], line: string): Listed {
  const rule: Listed = { conditions: [], target: 'CONTINUE', goes: false }
  const left = [...words]
  while (left.length > 0) {
    let option = left.shift() ?? ''
    let not = option === '!'
    if (not) option = left.shift() ?? ''
    if (left[0] === '!') not = Boolean(left.shift())
    if (option === '--physdev-is-bridged') {
      rule.conditions.push(({ packet }) => (packet.path === 'bridged') !== not)
      continue
    }
    const value = left.shift() ?? ''
    if (option === '-j' || option === '-g') {
      rule.target = value
      rule.goes = option === '-g'
    } else if (option in options) {
      const holds = options[option]
      if (holds) rule.conditions.push((seen) => holds(value, seen) !== not)
    } else throw new Error(`what is ${option} in ${line}`)
  }
  return rule
}

type Option = (value: string, seen: Seen) => boolean
type Ip = NonNullable<Packet['ip']>
const ofIp = (holds: (value: string, ip: Ip) => boolean): Option => (value, { packet: { ip } }) => ip !== null && holds(value, ip)
const ofArp = (holds: (value: string, arp: NonNullable<Packet['arp']>) => boolean): Option =>
  (value, { packet: { arp } }) => arp !== null && holds(value, arp)
const source = ofIp((value, ip) => inside(value, ip.source))
const destination = ofIp((value, ip) => inside(value, ip.destination))
const sourcePort = ofIp((value, ip) => between(value, ip.sourcePort))
const port = ofIp((value, ip) => between(value, ip.port))
const protocol = ofIp((value, ip) => value === 'all' || ip.protocol === (protocols[value] ?? Number(value)))
const icmp = ofIp((value, { icmpType, icmpCode }) => {
  const [type = '', code] = value.split('/')
  return between(type, icmpType) && (code === undefined || between(code, icmpCode))
})

/** Those without a meaning here are null. */
const options: Readonly<Record<string, Option | null>> = {
  '-m': null, '--comment': null, '--reject-with': null,
  // Of both programs: a protocol above IP, or an Ethernet type.
  '-p': (value, seen) => {
    const ethertype = ethertypes[value] ?? (/^0x/i.test(value) ? Number(value) : undefined)
    return ethertype === undefined ? protocol(value, seen) : seen.packet.ethertype === ethertype
  },
  '-s': (value, seen) => /^(\w\w:){5}/.test(value) ? sameMac(value, seen.packet.sourceMac) : source(value, seen),
  '-d': (value, seen) => /^(\w\w:){5}/.test(value) ? sameMac(value, seen.packet.destinationMac) : destination(value, seen),
  '-i': (value, { packet, tap }) => packet.direction === 'out' && value === tap,
  '-o': (value, { packet, tap }) => packet.direction === 'in' && value === tap,
  '--physdev-in': (value, { packet, tap }) => packet.direction === 'out' && value === tap,
  '--physdev-out': (value, { packet, tap }) => packet.direction === 'in' && value === tap,
  '--sport': sourcePort, '--dport': port,
  '--src-range': ofIp((value, ip) => run(value, ip.source)), '--dst-range': ofIp((value, ip) => run(value, ip.destination)),
  '--mac-source': (value, { packet }) => sameMac(value, packet.sourceMac),
  '--ctstate': (value, { packet }) => value.toLowerCase().split(',').includes(packet.state),
  // What belongs to no connection has no direction either.
  '--ctdir': (value, { packet }) => !['invalid', 'untracked'].includes(packet.state) && (value === 'REPLY') === packet.reply,
  '--icmp-type': icmp, '--icmpv6-type': icmp,
  '--ip-proto': protocol, '--ip6-proto': protocol,
  '--ip-src': source, '--ip-dst': destination, '--ip6-src': source, '--ip6-dst': destination,
  '--ip-sport': sourcePort, '--ip-dport': port, '--ip6-sport': sourcePort, '--ip6-dport': port,
  '--arp-op': ofArp((value, { opcode }) => opcode === (opcodes[value] ?? Number(value))),
  '--arp-ip-src': ofArp((value, arp) => inside(value, arp.senderIp)), '--arp-ip-dst': ofArp((value, arp) => inside(value, arp.targetIp)),
  '--arp-mac-src': ofArp((value, arp) => sameMac(value, arp.senderMac)), '--arp-mac-dst': ofArp((value, arp) => sameMac(value, arp.targetMac)),
}

const ethertypes: Readonly<Record<string, number>> = { 'IPv4': 0x800, 'IPv6': 0x86dd, 'ARP': 0x806, 'RARP': 0x8035, '802_1Q': 0x8100 }
const protocols: Readonly<Record<string, number>> = { 'icmp': 1, 'igmp': 2, 'tcp': 6, 'udp': 17, 'ipv6-icmp': 58, 'icmpv6': 58, 'sctp': 132 }
const opcodes: Readonly<Record<string, number>> = { Request: 1, Reply: 2, Request_Reverse: 3, Reply_Reverse: 4 }

function number(text: string): bigint {
  const parsed = parseAddress(text)
  if (!parsed) throw new Error(`${text} is no address`)
  return parsed.value
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`, or one address. */
function inside(network: string, address: bigint): boolean {
  const [base = '', mask] = network.split('/')
  const bits = base.includes(':') ? 128 : 32
  const ones = (1n << BigInt(bits)) - 1n
  const wanted = mask === undefined ? ones : /^\d+$/.test(mask) ? ones ^ (ones >> BigInt(mask)) : number(mask)
  return (number(base) & wanted) === (address & wanted)
}

function run(range: string, address: bigint): boolean {
  const [first = '', last = ''] = range.split('-')
  return number(first) <= address && address <= number(last)
}

function between(range: string, value: number | null): boolean {
  const [first, last = first] = range.split(':').map(Number)
  return value !== null && first !== undefined && last !== undefined && first <= value && value <= last
}

function sameMac(wanted: string, mac: string): boolean {
  const [base = '', mask = 'ff:ff:ff:ff:ff:ff'] = wanted.split('/')
  const [one = [], bits = [], other = []] = [base, mask, mac].map((each) => each.split(':').map((part) => Number.parseInt(part, 16)))
  return one.every((part, at) => (part & (bits[at] ?? 0)) === ((other[at] ?? 0) & (bits[at] ?? 0)))
}
