import { UsageError } from './errors.js'
import { checkBridgeName } from './names.js'
import type { NewNetwork } from './virt/ops/create-network.js'
import { parseRange, planSubnet } from './virt/ops/network-range.js'
import { parseIpv6Prefix, parseSubnet } from './virt/ops/network-subnet.js'

/** What was said of a new network. */
interface NetworkFlags {
  'subnet'?: string
  'mode': string
  'bridge'?: string
  'dhcp'?: string
  'no-dhcp': boolean
  'domain'?: string
  'ipv6'?: string
  'mtu'?: number
  'autostart': boolean
  'no-start': boolean
}

/** A network as the flags ask for it. @throws UsageError for what does not fit together */
export function newNetwork(name: string, flags: NetworkFlags): NewNetwork {
  const common = { name, autostart: flags.autostart, start: !flags['no-start'] }
  const [, hostBridge] = /^bridge=(.*)$/s.exec(flags.mode) ?? []
  if (hostBridge !== undefined) {
    refuseWithBridge(flags)
    return { ...common, mode: 'bridge', subnet: null, bridge: checkBridgeName(hostBridge) }
  }
  const { ipv6, mtu } = flags
  if (ipv6 !== undefined && mtu !== undefined && mtu < 1280) throw new UsageError(`--mtu ${mtu} is too small for IPv6`, 'it needs 1280 at least')
  return {
    ...common, mtu, mode: modeOf(flags.mode), ...subnetOf(flags),
    ...ipv6 === undefined ? {} : { ipv6: parseIpv6Prefix(ipv6) },
    ...flags.bridge === undefined ? {} : { bridge: checkBridgeName(flags.bridge) },
    ...flags.domain === undefined ? {} : { domain: checkDomain(flags.domain) },
  }
}

const modes = ['nat', 'route', 'isolated', 'open'] as const

function modeOf(text: string): typeof modes[number] {
  const mode = modes.find((each) => each === text)
  if (mode) return mode
  const hint = text === 'bridge' ? 'name the host\'s bridge: --mode bridge=br0' : `modes: ${modes.join(', ')}, bridge=BR`
  throw new UsageError(`--mode ${text} is not known`, hint)
}

function subnetOf({ subnet: text, dhcp: range, 'no-dhcp': noDhcp }: NetworkFlags): Pick<NewNetwork, 'subnet' | 'dhcp'> {
  if (text === undefined) throw new UsageError('--subnet is missing', '--subnet auto takes a free one', 'or give one: --subnet 10.20.0.0/24')
  const dhcp = noDhcp ? false : range === undefined ? undefined : parseRange(range)
  if (text !== 'auto') {
    const subnet = parseSubnet(text)
    planSubnet(subnet, dhcp)
    return { subnet, dhcp }
  }
  if (dhcp) throw new UsageError('--dhcp A-B needs a subnet that is known', 'give it: --subnet 10.20.0.0/24')
  return { subnet: 'auto', dhcp }
}

/** Addresses, names and packet sizes are the business of whoever made the host's bridge. */
function refuseWithBridge(flags: NetworkFlags): void {
  const given = (['subnet', 'bridge', 'dhcp', 'no-dhcp', 'domain', 'ipv6', 'mtu'] as const).filter((name) => flags[name] !== undefined && flags[name] !== false)
  if (given.length === 0) return
  throw new UsageError(`--mode ${flags.mode} leaves no place for ${given.map((name) => `--${name}`).join(', ')}`, 'the network of that bridge has its own')
}

function checkDomain(text: string): string {
  const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
  if (text.length <= 253 && text.split('.').every((each) => label.test(each))) return text
  throw new UsageError(`--domain "${text.slice(0, 60)}" is not a DNS domain`, 'for example --domain lab.example')
}
