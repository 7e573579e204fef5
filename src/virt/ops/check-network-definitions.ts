import type { Finding } from './check-host-finding.js'
import { problem, warning } from './check-host-finding.js'
import { sh } from '../../shell.js'
import type { NetworkRow } from './list-networks.js'
import type { NetworkFixes } from './network-fixes.js'
import { allButGateway, rangeHolds } from './network-range.js'
import { overlap, showSubnet, subnetAround, type Subnet } from './network-subnet.js'

/** What is wrong with a network by what libvirt itself knows of it and of the others. Each fix is a line for a shell. */
export function checkDefinition(network: NetworkRow, fixes: NetworkFixes): Finding[] {
  return [...checkBridgeOf(network, fixes), ...checkSubnets(network, fixes), ...checkDhcp(network), ...checkStopped(network)]
}

function checkBridgeOf(network: NetworkRow, fixes: NetworkFixes): Finding[] {
  const { name, bridge, mode } = network
  if (bridge === null || mode === 'bridge') return []
  const other = fixes.taken.networks.find((each) => each.name !== name && each.mode !== 'bridge' && each.bridge === bridge)
  return [
    ...Buffer.byteLength(bridge) > 15
      ? [problem('bridge', `the network ${name} cannot start: the name of its bridge, ${bridge}, is longer than 15 characters`, fixes.bridge(name))]
      : [],
    ...other ? [problem('bridge', `the networks ${name} and ${other.name} have the same bridge ${bridge}: only one of them can run`, fixes.bridge(stopped(network, other).name))] : [],
  ]
}

function checkSubnets(network: NetworkRow, fixes: NetworkFixes): Finding[] {
  const holes = network.subnets.filter(({ prefix }) => prefix === null)
    .map(({ address }) => problem('subnet', `the netmask of ${address} in the network ${network.name} has holes`, fixes.subnet(network.name, 'ipv4')))
  const others = fixes.taken.networks.filter(({ name }) => name !== network.name)
  const met = others.flatMap((other) => subnetsOf(network).flatMap((own) => subnetsOf(other)
    .filter((theirs) => overlap(own, theirs))
    .map((theirs) => problem('subnet', `${showSubnet(own)} of the network ${network.name} overlaps with ${showSubnet(theirs)} of the network ${other.name}`,
      fixes.subnet(stopped(network, other).name, own.family)))))
  return [...holes, ...met]
}

/** The one of two that cuts nobody off when it is changed. */
function stopped(one: NetworkRow, other: NetworkRow): NetworkRow {
  return one.active && !other.active ? other : one
}

function checkDhcp({ name, subnets }: NetworkRow): Finding[] {
  return subnets.flatMap(({ address, prefix, dhcp, reservations }) => [
    ...dhcp.filter((range) => rangeHolds(range, address))
      .map(({ start, end }) => problem('dhcp', `the DHCP range ${start}-${end} of the network ${name} holds its gateway ${address}`, anotherRange(name, address, prefix))),
    ...twice(reservations.flatMap(({ mac, ip }) => [mac?.toLowerCase(), ip.toLowerCase()]))
      .map((key) => problem('dhcp', `the network ${name} has two reservations of ${key}`, sh`bay net unreserve ${name} ${key}`)),
  ])
}

function anotherRange(name: string, gateway: string, prefix: number | null): string {
  const subnet = subnetAround(gateway, prefix)
  const range = subnet && allButGateway(subnet, gateway)
  return sh`bay net set ${name} dhcp=${range ? `${range.start}-${range.end}` : 'none'}`
}

function checkStopped({ name, active, autostart }: NetworkRow): Finding[] {
  return autostart && !active ? [warning('stopped', `the network ${name} is stopped, though it starts with the host`, sh`bay net start ${name}`)] : []
}

/** Those of a network that can be told. */
export function subnetsOf({ subnets }: Pick<NetworkRow, 'subnets'>): Subnet[] {
  return subnets.flatMap(({ address, prefix }) => subnetAround(address, prefix) ?? [])
}

function twice(keys: readonly (string | undefined)[]): string[] {
  const known = keys.filter((key) => key !== undefined)
  return [...new Set(known.filter((key, at) => known.indexOf(key) !== at))]
}
