import { ownModes } from '../../xml/network-settings.js'
import { sh } from '../../shell.js'
import { problem, warning, type Finding } from './check-host-finding.js'
import { subnetsOf } from './check-network-definitions.js'
import { forwardVerdict, ownerOf } from './forward-rules.js'
import type { HostNetworking } from './host-networking.js'
import { clashes } from './host-routes.js'
import type { NetworkRow } from './list-networks.js'
import type { NetworkFixes } from './network-fixes.js'
import { showSubnet, type Subnet } from './network-subnet.js'

/** An interface of a running machine on a network. */
export interface RunningPort { network: string, machine: string, tap: string }

/** What a host has and does, and who runs on it. */
export interface CheckedHost { host: HostNetworking, ports: readonly RunningPort[], fixes: NetworkFixes }

/** What is wrong with a network by what its host does with it. Each fix is a line for a shell. */
export function checkOnHost(network: NetworkRow, { host, ports, fixes }: CheckedHost): Finding[] {
  const own = ownModes.some((mode) => mode === network.mode)
  if (!network.active) return own ? [...checkStale(network, host), ...checkRoutes(network, host, fixes)] : []
  if (!own) return checkThere(network, host)
  const lost = checkOwnBridge(network, host)
  if (lost.length > 0) return lost
  return [
    ...checkPorts(network, host, ports), ...checkDnsmasq(network, host), ...checkRoutes(network, host, fixes),
    ...checkForwarding(network, host), ...checkFirewall(network, host), ...checkTranslation(network, host),
  ]
}

/** Bridges as libvirt makes them, of no network that runs. */
export function checkLeftBridges(networks: readonly NetworkRow[], { devices }: HostNetworking): Finding[] {
  const known = new Set(networks.flatMap(({ bridge }) => bridge ?? []))
  return [...devices].filter(([name, { bridge, mac }]) => bridge && /^virbr\d+$/.test(name) && mac.startsWith('52:54:00') && !known.has(name))
    .map(([name]) => warning('stale-bridge', `the bridge ${name} is left of a network that is gone`, sh`ip link delete ${name}`))
}

const restart = (name: string) => sh`bay net stop --force ${name} && bay net start ${name}  # which connects its machines again`

function checkStale({ name, bridge }: NetworkRow, { devices }: HostNetworking): Finding[] {
  if (bridge === null || !devices.has(bridge)) return []
  return [problem('stale-bridge', `the network ${name} is stopped and cannot start: there is a ${bridge} already`, sh`ip link delete ${bridge}  # if nobody needs it`)]
}

function checkThere({ name, mode, bridge, device }: NetworkRow, { devices, firewall, bridgeFilter }: HostNetworking): Finding[] {
  const needed = mode === 'bridge' ? bridge : mode === 'macvtap' ? device : null
  if (needed === null) return []
  const found = devices.get(needed)
  if (!found || (mode === 'bridge' && !found.bridge)) {
    return [problem('bridge', `the network ${name} needs the ${mode === 'bridge' ? 'bridge' : 'device'} ${needed}, which this host does not have`,
      mode === 'bridge' ? sh`bay bridge create ${needed}` : 'ip link  # shows those that there are')]
  }
  if (mode !== 'bridge' || !bridgeFilter || firewall.filter === null) return []
  return dropped(name, firewall.filter, { bridge: needed, subnet: null }, 'what the bridge only passes on goes through iptables (bridge-nf-call-iptables)')
}

function checkOwnBridge({ name, bridge }: NetworkRow, { devices }: HostNetworking): Finding[] {
  if (bridge === null || devices.get(bridge)?.bridge) return []
  return [problem('bridge', `the network ${name} is active, and its bridge ${bridge} is gone`, restart(name))]
}

function checkPorts({ name, bridge }: NetworkRow, { devices }: HostNetworking, ports: readonly RunningPort[]): Finding[] {
  const cut = ports.filter(({ network, tap }) => network === name && devices.has(tap) && devices.get(tap)?.master !== bridge)
  const machines = [...new Set(cut.map(({ machine }) => machine))]
  return machines.length === 0 ? [] : [problem('cut-off', `running machines are cut off from the network ${name}, which was restarted: ${machines.join(', ')}`, restart(name))]
}

function checkDnsmasq({ name, subnets }: NetworkRow, { dnsmasq }: HostNetworking): Finding[] {
  if (!subnets.some(({ dhcp, reservations }) => dhcp.length + reservations.length > 0) || dnsmasq(name) !== false) return []
  return [problem('dnsmasq', `the network ${name} gives no addresses and no names: its dnsmasq does not run`, restart(name))]
}

function checkRoutes(network: NetworkRow, { routes }: HostNetworking, fixes: NetworkFixes): Finding[] {
  const { name, bridge } = network
  return clashes(subnetsOf(network), routes.filter(({ device }) => device !== bridge)).map(({ own, subnet, device, exactly }) => {
    const what = `${showSubnet(own)} of the network ${name} overlaps with ${showSubnet(subnet)}, which the host reaches by ${device}`
    const hint = fixes.subnet(name, own.family)
    return exactly ? problem('subnet', what, hint) : warning('subnet', what, hint)
  })
}

function forwards({ mode }: NetworkRow): boolean {
  return mode !== 'isolated'
}

function checkForwarding(network: NetworkRow, { forwarding }: HostNetworking): Finding[] {
  if (!forwards(network)) return []
  const off = (['ipv4', 'ipv6'] as const).filter((family) => forwarding[family] === false && network.subnets.some((subnet) => subnet.family === family))
  return off.map((family) => problem('forwarding', `the host forwards no ${family === 'ipv4' ? 'IPv4' : 'IPv6'}, so guests of the network ${network.name} do not get out`,
    `sysctl -w ${settings[family]}=1  # and for good the line ${settings[family]}=1 in /etc/sysctl.d/99-forward.conf`))
}

const settings = { ipv4: 'net.ipv4.ip_forward', ipv6: 'net.ipv6.conf.all.forwarding' }

function checkFirewall(network: NetworkRow, { firewall: { filter }, dropping }: HostNetworking): Finding[] {
  const { name, bridge } = network
  if (!forwards(network) || bridge === null) return []
  const subnet = ipv4Of(network)
  const chains = dropping.filter(({ text }) => !text.includes(`"${bridge}"`)).map(({ name: chain }) => problem('firewall',
    `the chain ${chain} of nftables drops what guests of the network ${name} send out`, sh`nft add rule ${chain.split(' ')} iifname ${bridge} accept && nft add rule ${chain.split(' ')} oifname ${bridge} accept`))
  const rules = filter === null || subnet === null ? [] : dropped(name, filter, { bridge, subnet }, null)
  return [...chains, ...rules]
}

function dropped(name: string, filter: string, from: { bridge: string, subnet: Subnet | null }, because: string | null): Finding[] {
  const { accepted, by } = forwardVerdict(filter, from)
  if (accepted) return []
  const owner = ownerOf(filter)
  const who = owner === null ? '' : `, by ${owner === 'docker' ? 'Docker' : owner}`
  return [problem('firewall', `the host's firewall drops what guests of the network ${name} send out: ${by}${who}${because === null ? '' : `; ${because}`}`, letThrough(owner, from.bridge))]
}

function letThrough(owner: ReturnType<typeof ownerOf>, bridge: string): string {
  if (owner === 'ufw') return sh`ufw route allow in on ${bridge} && ufw route allow out on ${bridge}`
  if (owner === 'firewalld') return sh`firewall-cmd --permanent --zone=libvirt --add-interface=${bridge} && firewall-cmd --reload`
  const chain = owner === 'docker' ? 'DOCKER-USER' : 'FORWARD'
  return sh`iptables -I ${chain} -i ${bridge} -j ACCEPT && iptables -I ${chain} -o ${bridge} -j ACCEPT  # or, if libvirt's own rules are gone: systemctl reload libvirtd`
}

function checkTranslation(network: NetworkRow, { firewall: { nat }, libvirtTable }: HostNetworking): Finding[] {
  const subnet = ipv4Of(network)
  if (network.mode !== 'nat' || subnet === null || nat === null || libvirtTable) return []
  const there = nat.split('\n').some((line) => line.includes(`-s ${showSubnet(subnet)} `) && /-j (?:MASQUERADE|SNAT)\b/.test(line))
  return there ? [] : [problem('nat', `the addresses of the network ${network.name} are not translated: libvirt's rules are gone from the host's firewall`, 'systemctl reload libvirtd  # or virtnetworkd: it puts them back')]
}

function ipv4Of(network: NetworkRow): Subnet | null {
  return subnetsOf(network).find(({ family }) => family === 'ipv4') ?? null
}
