import { parseAddress } from '../../src/firewall/addresses.js'
import type { Installed } from '../../src/firewall/installed.js'
import { ethertypes, type IpHeader, type Packet } from '../../src/firewall/packet.js'

interface Nic { mac: string, ipv4: string, ipv6: string }

const otherMac = '52:54:00:99:99:99'
const number = (text: string) => parseAddress(text)?.value ?? 0n

/** The number of rules that each chain of an interface should have in the kernel, as `ListedRules.counts` says it. */
export function countsOf({ ethernet, ip }: Installed): string[] {
  const ethernetChains = (['in', 'out'] as const).flatMap((direction) => {
    const letter = direction === 'out' ? 'I' : 'O'
    const root = ethernet[direction]
    const subs = root.flatMap((each) => 'chain' in each ? `${letter}-${each.chain} ${each.rules.length}` : [])
    return root.length === 0 ? [] : [`${letter} ${root.length}`, ...subs]
  })
  const ipChains = (['ipv4', 'ipv6'] as const).flatMap((family) => (['FI', 'FO', 'HI'] as const)
    .flatMap((chain) => ip[family] ? `${family} ${chain} ${ip[family][chain].length}` : []))
  return [...ethernetChains, ...ipChains].sort()
}

/** Thousands of packets of all kinds: what a filter may be about, each once so and once a bit otherwise. */
export function* allPackets(nic: Nic): Generator<Packet> {
  for (const direction of ['in', 'out'] as const) {
    for (const path of ['bridged', 'routed', 'host'] as const) {
      for (const { isFalse, ...frame } of frames(nic, direction)) {
        for (const ip of ipHeaders(nic, direction)) {
          for (const [state, reply] of connections) {
            // Who is not himself is so in one way at a time.
            if (isFalse && !isPlain(ip, nic)) continue
            yield { direction, path, ...frame, ethertype: ethertypes[ip.family] ?? 0, ip, arp: null, state, reply }
          }
        }
        if (path === 'bridged') yield* others(nic, { direction, path, ...frame })
      }
    }
  }
}

const connections = [
  ['new', false], ['established', false], ['established', true], ['related', false], ['related', true], ['invalid', false], ['untracked', false],
] as const

function frames({ mac }: Nic, direction: 'in' | 'out') {
  const group = 'ff:ff:ff:ff:ff:ff'
  return direction === 'in'
    ? [{ sourceMac: otherMac, destinationMac: mac, isFalse: false }, { sourceMac: otherMac, destinationMac: group, isFalse: true }]
    : [
        { sourceMac: mac, destinationMac: otherMac, isFalse: false }, { sourceMac: mac, destinationMac: group, isFalse: true },
        { sourceMac: '52:54:00:66:66:66', destinationMac: otherMac, isFalse: true },
      ]
}

const kinds: Record<'ipv4' | 'ipv6', Pick<IpHeader, 'protocol' | 'sourcePort' | 'port' | 'icmpType' | 'icmpCode'>[]> = {
  ipv4: [...ported(), ...[0, 3, 8, 11].map((type) => typed(1, type))],
  ipv6: [...ported(), ...[1, 2, 128, 129, 130, 133, 134, 135, 136, 143].map((type) => typed(58, type))],
}

function ported() {
  const tcp = [[40_000, 22], [40_000, 23], [40_000, 25], [40_000, 53], [40_000, 80], [40_000, 7001], [80, 40_000], [22, 40_000]]
  const udp = [[40_000, 53], [53, 40_000], [68, 67], [67, 68], [546, 547], [547, 546], [40_000, 7001]]
  const of = (protocol: number, [sourcePort = null, port = null]: readonly (number | null)[]) =>
    ({ protocol, sourcePort, port, icmpType: null, icmpCode: null })
  return [...tcp.map((each) => of(6, each)), ...udp.map((each) => of(17, each)), of(132, [40_000, 80]), of(47, [])]
}

function typed(protocol: number, icmpType: number) {
  return { protocol, sourcePort: null, port: null, icmpType, icmpCode: 0 }
}

const addresses = {
  ipv4: {
    far: ['10.88.0.9', '10.88.0.1', '198.51.100.7'], group: ['255.255.255.255', '224.0.0.251'], false: ['10.88.0.77', '0.0.0.0'],
  },
  ipv6: { far: ['fd88::9', '2001:db8::7'], group: ['ff02::1'], false: ['fd88::77', '::'] },
}

function* ipHeaders(nic: Nic, direction: 'in' | 'out'): Generator<IpHeader> {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const { far, group, false: untrue } = addresses[family]
    const pairs = [...[...far, ...group].map((each) => [nic[family], each]), ...untrue.map((each) => [each, far[0]])]
    for (const [own = '', other = ''] of pairs) {
      const [source, destination] = direction === 'out' ? [own, other] : [other, own]
      for (const kind of kinds[family]) yield { family, source: number(source), destination: number(destination), ...kind }
    }
  }
}

function isPlain({ source, destination }: IpHeader, nic: Nic): boolean {
  return [source, destination].some((each) => each === number(nic.ipv4) || each === number(nic.ipv6))
    && [source, destination].some((each) => each === number('10.88.0.9') || each === number('fd88::9'))
}

function* others({ mac, ipv4 }: Nic, frame: Pick<Packet, 'direction' | 'path' | 'sourceMac' | 'destinationMac'>): Generator<Packet> {
  const base = { ...frame, ip: null, state: 'untracked', reply: false } as const
  for (const ethertype of [0x8035, 0x8100, 0x88cc]) yield { ...base, ethertype, arp: null }
  for (const opcode of [1, 2]) {
    for (const senderMac of [mac, '52:54:00:66:66:66', otherMac]) {
      for (const senderIp of [ipv4, '10.88.0.77', '0.0.0.0', '10.88.0.9']) {
        for (const targetIp of [ipv4, '10.88.0.9']) {
          const [sender, target] = [{ senderMac, senderIp: number(senderIp) }, { targetMac: otherMac, targetIp: number(targetIp) }]
          yield { ...base, ethertype: 0x806, arp: { opcode, ...sender, ...target } }
        }
      }
    }
  }
}
