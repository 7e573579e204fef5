import { UsageError } from './errors.js'
import { checkDomain, parseDnsHosts } from './dns-names.js'
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
  'dns'?: string[]
  'ipv6'?: string
  'mtu'?: number
  'isolate-guests': boolean
  'autostart': boolean
  'no-start': boolean
}

/** A network as the flags ask for it. @throws UsageError for what does not fit together */
export function newNetwork(name: string, flags: NetworkFlags): NewNetwork {
  const common = { name, autostart: flags.autostart, start: !flags['no-start'] }
  const isolateGuests = flags['isolate-guests']
  const [, kind, device = ''] = /^(bridge|macvtap)=(.*)$/s.exec(flags.mode) ?? []
  if (kind === 'bridge') {
    refuseWithHost(flags)
    return { ...common, mode: 'bridge', subnet: null, bridge: checkBridgeName(device), isolateGuests }
  }
  if (kind === 'macvtap') {
    refuseWithHost(flags)
    if (isolateGuests) throw new UsageError(`--mode ${flags.mode} cannot keep guests apart`, 'on a bridge it can: --mode bridge=BR --isolate-guests')
    return { ...common, mode: 'macvtap', subnet: null, device: checkBridgeName(device, 'device') }
  }
  const { ipv6, mtu, dns = [] } = flags
  if (ipv6 !== undefined && mtu !== undefined && mtu < 1280) throw new UsageError(`--mtu ${mtu} is too small for IPv6`, 'it needs 1280 at least')
  return {
    ...common, mtu, isolateGuests, mode: modeOf(flags.mode), ...subnetOf(flags), dnsHosts: parseDnsHosts(dns),
    ...ipv6 === undefined ? {} : { ipv6: parseIpv6Prefix(ipv6) },
    ...flags.bridge === undefined ? {} : { bridge: checkBridgeName(flags.bridge) },
    ...flags.domain === undefined ? {} : { domain: checkDomain(flags.domain, '--domain') },
  }
}

const modes = ['nat', 'route', 'isolated', 'open'] as const

const halfModes: Readonly<Record<string, string>> = {
  bridge: 'name the host\'s bridge: --mode bridge=br0', macvtap: 'name the host\'s device: --mode macvtap=eth0',
}

function modeOf(text: string): typeof modes[number] {
  const mode = modes.find((each) => each === text)
  if (mode) return mode
  throw new UsageError(`--mode ${text} is not known`, halfModes[text] ?? `modes: ${modes.join(', ')}, bridge=BR, macvtap=DEV`)
}

function subnetOf({ subnet: text, dhcp: range, 'no-dhcp': noDhcp, ipv6 }: NetworkFlags): Pick<NewNetwork, 'subnet' | 'dhcp'> {
  if (text === undefined && ipv6 !== undefined && range === undefined) return { subnet: null }
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

/** Addresses, names and packet sizes are the business of whoever made the host's bridge, or has the wire. */
function refuseWithHost(flags: NetworkFlags): void {
  const given = (['subnet', 'bridge', 'dhcp', 'no-dhcp', 'domain', 'dns', 'ipv6', 'mtu'] as const)
    .filter((name) => flags[name] !== undefined && flags[name] !== false)
  if (given.length === 0) return
  throw new UsageError(`--mode ${flags.mode} leaves no place for ${given.map((name) => `--${name}`).join(', ')}`, 'the network behind it has its own')
}
