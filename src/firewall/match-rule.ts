import { parseAddress, type Family } from './addresses.js'
import { isEthernet, protocolOf, type InstalledRule } from './installed.js'
import { ethertypes, ipProtocols, type IpHeader, type Packet } from './packet.js'

/** Whether a rule matches a packet; null when what it asks for is not known of a packet here, such as a set of the host's. */
export function matches(installed: InstalledRule, packet: Packet): boolean | null {
  const { rule, attributes, reversed } = installed
  if (!matchesState(installed, packet) || !matchesProtocol(rule.protocol, packet)) return false
  const unless = /^no$/i.test(attributes['match'] ?? '')
  const found = Object.keys(attributes).map((name) => {
    const read = conditions[name]
    // iptables cannot match the destination's MAC, so the other way round libvirt leaves it out.
    if (read === null || (name === 'srcmacaddr' && reversed && !isEthernet(rule))) return true
    const result = read ? read(attributes, { packet, reversed }) : null
    // Each of them is turned round on its own.
    return result === null ? null : result !== unless
  })
  if (found.includes(false)) return false
  return found.includes(null) ? null : true
}

function matchesState({ states, reply }: InstalledRule, packet: Packet): boolean {
  return (states === null || states.includes(packet.state)) && (reply === null || reply === packet.reply)
}

function matchesProtocol(protocol: string | null, packet: Packet): boolean {
  if (protocol === null || protocol === 'mac') return true
  if (protocol === 'stp') return packet.destinationMac === '01:80:c2:00:00:00'
  if (protocol === 'ip') return packet.ethertype === ethertypes['ipv4']
  if (['ipv6', 'arp', 'rarp', 'vlan'].includes(protocol)) return packet.ethertype === ethertypes[protocol]
  const number = protocolOf({ protocol })
  return packet.ip !== null && (number === null || packet.ip.protocol === number)
}

interface Asked { packet: Packet, reversed: boolean }
type Condition = (attributes: Readonly<Record<string, string>>, asked: Asked) => boolean | null

const near = ({ reversed }: Asked, which: 'src' | 'dst') => (which === 'src') !== reversed

const mac = (which: 'src' | 'dst'): Condition => (attributes, asked) => {
  const { sourceMac, destinationMac } = asked.packet
  return sameMac(near(asked, which) ? sourceMac : destinationMac, attributes[`${which}macaddr`] ?? '', attributes[`${which}macmask`])
}

const address = (which: 'src' | 'dst'): Condition => (attributes, asked) => onIp(asked, ({ family, source, destination }) =>
  inNetwork({ family, value: near(asked, which) ? source : destination }, attributes[`${which}ipaddr`] ?? '', attributes[`${which}ipmask`]))

const range = (which: 'src' | 'dst'): Condition => (attributes, asked) => onIp(asked, ({ source, destination }) => {
  const value = near(asked, which) ? source : destination
  const [from, to] = [parseAddress(attributes[`${which}ipfrom`] ?? ''), parseAddress(attributes[`${which}ipto`] ?? attributes[`${which}ipfrom`] ?? '')]
  return from !== null && to !== null && value >= from.value && value <= to.value
})

const port = (which: 'src' | 'dst'): Condition => (attributes, asked) => onIp(asked, ({ sourcePort, port: destination }) =>
  inRange(near(asked, which) ? sourcePort : destination, attributes[`${which}portstart`], attributes[`${which}portend`]))

/** Null: belongs to another one, which reads it. */
const conditions: Readonly<Record<string, Condition | null>> = {
  match: null, state: null, comment: null,
  srcmacmask: null, dstmacmask: null, srcipmask: null, dstipmask: null, srcipto: null, dstipto: null,
  srcportend: null, dstportend: null,
  code: null, typeend: null, codeend: null,
  srcmacaddr: mac('src'),
  dstmacaddr: mac('dst'),
  srcipaddr: address('src'), dstipaddr: address('dst'),
  srcipfrom: range('src'), dstipfrom: range('dst'),
  srcportstart: port('src'), dstportstart: port('dst'),
  protocolid: ({ protocolid = '' }, { packet }) => packet.ethertype === (ethertypes[protocolid] ?? numberOf(protocolid)),
  protocol: ({ protocol = '' }, asked) => onIp(asked, (ip) => ip.protocol === (ipProtocols[protocol] ?? numberOf(protocol))),
  type: ({ type = '', typeend, code, codeend = code }, asked) => onIp(asked, ({ icmpType, icmpCode }) =>
    inRange(icmpType, type, typeend) && (code === undefined || inRange(icmpCode, code, codeend))),
  opcode: ({ opcode = '' }, { packet }) => packet.arp !== null && packet.arp.opcode === (opcodes[opcode.toLowerCase()] ?? numberOf(opcode)),
  arpsrcmacaddr: (attributes, asked) => onArp(asked, 'arpsrcmacaddr', attributes),
  arpdstmacaddr: (attributes, asked) => onArp(asked, 'arpdstmacaddr', attributes),
  arpsrcipaddr: (attributes, asked) => onArp(asked, 'arpsrcipaddr', attributes),
  arpdstipaddr: (attributes, asked) => onArp(asked, 'arpdstipaddr', attributes),
}

const opcodes: Readonly<Record<string, number>> = { request: 1, reply: 2, request_reverse: 3, reply_reverse: 4 }

function onIp({ packet: { ip } }: Asked, ask: (ip: IpHeader) => boolean): boolean {
  return ip !== null && ask(ip)
}

function onArp({ packet: { arp }, reversed }: Asked, name: string, attributes: Readonly<Record<string, string>>): boolean {
  if (arp === null) return false
  const value = attributes[name] ?? ''
  const sender = name.startsWith('arpsrc') !== reversed
  if (name.endsWith('macaddr')) return sameMac(sender ? arp.senderMac : arp.targetMac, value)
  return inNetwork({ family: 'ipv4', value: sender ? arp.senderIp : arp.targetIp }, value, attributes[name.replace('addr', 'mask')])
}

function sameMac(mac: string, wanted: string, mask = 'ff:ff:ff:ff:ff:ff'): boolean {
  const bits = macNumber(mask)
  return (macNumber(mac) & bits) === (macNumber(wanted) & bits)
}

function macNumber(text: string): bigint {
  return text.split(':').reduce((sum, part) => sum * 256n + BigInt(Number.parseInt(part, 16) || 0), 0n)
}

function inNetwork(address: { family: Family, value: bigint }, network: string, mask: string | undefined): boolean {
  const parsed = parseAddress(network)
  if (!parsed || parsed.family !== address.family) return false
  const length = address.family === 'ipv4' ? 32n : 128n
  const prefix = mask === undefined ? length : /^\d+$/.test(mask) ? BigInt(mask) : prefixOfMask(mask)
  return address.value >> (length - prefix) === parsed.value >> (length - prefix)
}

/** `255.255.0.0` is 16. */
function prefixOfMask(mask: string): bigint {
  const ones = parseAddress(mask)?.value.toString(2).replaceAll('0', '').length ?? 0
  return BigInt(ones)
}

function inRange(value: number | null, first: string | undefined, last: string | undefined): boolean {
  if (value === null || first === undefined) return false
  return value >= numberOf(first) && value <= numberOf(last ?? first)
}

function numberOf(text: string): number {
  return Number(text)
}
