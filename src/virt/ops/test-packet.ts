import { UsageError } from '../../errors.js'
import { parseAddress } from '../../firewall/addresses.js'
import { evaluateConnection, type Verdict } from '../../firewall/evaluate.js'
import { icmpType, icmpTypes } from '../../firewall/icmp-types.js'
import { ethertypes, ipProtocols, type Packet } from '../../firewall/packet.js'
import { wordsOf } from '../../firewall/words.js'
import type { GuestModel } from './filter-model.js'

/** What is to be tried, as it was typed. */
export interface TestedPacket {
  /** where it comes from and goes to; the guest's own address may be left out */
  from?: string
  to?: string
  protocol: string
  port?: number
  sourcePort?: number
  type?: string
  /** undefined: told by which of the addresses is the guest's, else in */
  direction?: 'in' | 'out'
  via: Packet['path']
  sourceMac?: string
  state: Packet['state']
}

export interface Decision { filter: string | null, rule: number | null, layer: string | null, text: string }

export interface TestedConnection {
  mac: string
  filter: string | null
  direction: 'in' | 'out'
  verdict: Verdict['verdict']
  decidedBy: Decision
  /** of what answers; null when it is not let through in the first place, or nothing answers */
  answer: (Decision & { verdict: Verdict['verdict'] }) | null
}

const otherMac = '02:00:00:00:00:01'

/** What the rules do with a connection: its first packet and what answers it. @throws UsageError */
export function testConnection({ nic, installed }: GuestModel, tested: TestedPacket): TestedConnection {
  const missing = [...installed.missing]
  if (missing.length > 0) throw new UsageError(`the filter ${nic.filter} needs a value for $${missing.join(', $')}, which is not known`, 'while a guest runs its IP is known from its lease; else bay filter apply --parameter IP=…')
  const packet = packetOf(nic, tested)
  const { first, answer, verdict } = evaluateConnection(installed, packet)
  return {
    mac: nic.mac, filter: nic.filter, direction: packet.direction, verdict, decidedBy: decision(first),
    answer: answer ? { verdict: answer.verdict, ...decision(answer) } : null,
  }
}

function packetOf(nic: GuestModel['nic'], tested: TestedPacket): Packet {
  const direction = tested.direction ?? (tested.from !== undefined && nic.addresses.includes(tested.from) ? 'out' : 'in')
  const macs = direction === 'out' ? { sourceMac: nic.mac, destinationMac: otherMac } : { sourceMac: otherMac, destinationMac: nic.mac }
  const base = {
    direction, path: tested.via, ...macs, sourceMac: tested.sourceMac ?? macs.sourceMac, state: tested.state, reply: false,
  } as const
  const near = addressOf(direction === 'out' ? '--from' : '--to', direction === 'out' ? tested.from : tested.to, nic.addresses, tested)
  const far = addressOf(direction === 'out' ? '--to' : '--from', direction === 'out' ? tested.to : tested.from, [], tested)
  if (near.family !== far.family) throw new UsageError('--from and --to are of different families')
  const [source, destination] = direction === 'out' ? [near.value, far.value] : [far.value, near.value]
  if (tested.protocol === 'arp') {
    if (near.family !== 'ipv4') throw new UsageError('arp is of IPv4')
    const arp = { opcode: 1, senderMac: base.sourceMac, senderIp: source, targetMac: '00:00:00:00:00:00', targetIp: destination }
    return { ...base, ethertype: ethertypes['arp'] ?? 0, ip: null, arp, state: 'untracked' }
  }
  const named = tested.protocol === 'icmp' && near.family === 'ipv6' ? 'icmpv6' : tested.protocol
  const protocol = Object.hasOwn(ipProtocols, named) ? ipProtocols[named] : undefined
  if (protocol === undefined) throw new UsageError(`--proto: "${tested.protocol}" is no protocol that is known here`, `one of ${Object.keys(ipProtocols).join(', ')}, arp`)
  const typed = protocol === 1 || protocol === 58
  const icmp = protocol === 58 ? 'icmpv6' : 'icmp'
  const type = icmpType(icmp, tested.type ?? 'echo-request')
  if (typed && type === undefined) throw new UsageError(`--type: ${icmp} has no type "${tested.type}"`, Object.keys(icmpTypes[icmp]).join(', '))
  const ported = [6, 17, 132, 136].includes(protocol)
  if (ported && tested.port === undefined) throw new UsageError(`--port: ${tested.protocol} goes to a port`)
  // The kernel keeps no connections of neighbour discovery and of multicast listeners.
  const untracked = icmp === 'icmpv6' && typed && type !== undefined && ((type >= 130 && type <= 136) || type === 143)
  return {
    ...base, arp: null, ethertype: ethertypes[near.family] ?? 0, state: untracked ? 'untracked' : base.state,
    ip: {
      family: near.family, source, destination, protocol,
      sourcePort: ported ? tested.sourcePort ?? 45_678 : null, port: ported ? tested.port ?? null : null,
      icmpType: typed ? type ?? null : null, icmpCode: typed ? 0 : null,
    },
  }
}

function addressOf(flag: string, text: string | undefined, known: readonly string[], { from, to }: TestedPacket) {
  const family = [from, to].some((each) => each?.includes(':')) ? 'ipv6' : 'ipv4'
  const given = text ?? known.find((each) => parseAddress(each)?.family === family)
  if (given === undefined) throw new UsageError(`${flag} is missing${flag === '--from' ? '' : ', and the guest\'s address is not known'}`, `${flag} 10.0.0.5`)
  const parsed = parseAddress(given)
  if (!parsed) throw new UsageError(`${flag}: "${given}" is no address`, `${flag} ${family === 'ipv6' ? '2001:db8::5' : '10.0.0.5'}`)
  return parsed
}

function decision({ by, layer, verdict }: Verdict): Decision {
  if (!by) return { filter: null, rule: null, layer: null, text: verdict === 'accept' ? 'no rule is against it' : 'no rule' }
  return { filter: by.filter, rule: by.number, layer, text: `${by.rule.action}: ${wordsOf(by)}` }
}
