import type { Finding } from './check-host-finding.js'
import { problem, warning } from './check-host-finding.js'
import type { NetworkRow } from './list-networks.js'
import { overlap, showSubnet, subnetAround, type Subnet } from './network-subnet.js'
import { rangeHolds } from './network-range.js'

/** What is wrong with a network by what libvirt itself knows of it and of the others. */
export function checkDefinition(network: NetworkRow, all: readonly NetworkRow[]): Finding[] {
  return [...checkBridgeOf(network, all), ...checkSubnets(network, all), ...checkDhcp(network), ...checkStopped(network)]
}

function checkBridgeOf({ name, bridge, mode }: NetworkRow, all: readonly NetworkRow[]): Finding[] {
  if (bridge === null || mode === 'bridge') return []
  const other = all.find((each) => each.name !== name && each.mode !== 'bridge' && each.bridge === bridge)
  const another = `bay net set ${name} bridge=NAME`
  return [
    ...Buffer.byteLength(bridge) > 15
      ? [problem('bridge', `the network ${name} cannot start: the name of its bridge, ${bridge}, is longer than 15 characters`, another)]
      : [],
    ...other ? [problem('bridge', `the networks ${name} and ${other.name} have the same bridge ${bridge}: only one of them can run`, another)] : [],
  ]
}

function checkSubnets(network: NetworkRow, all: readonly NetworkRow[]): Finding[] {
  const holes = network.subnets.filter(({ prefix }) => prefix === null)
    .map(({ address }) => problem('subnet', `the netmask of ${address} in the network ${network.name} has holes`, define(network.name)))
  const others = all.filter(({ name }) => name !== network.name)
  const met = others.flatMap((other) => subnetsOf(network).flatMap((own) => subnetsOf(other)
    .filter((theirs) => overlap(own, theirs)).map((theirs) => problem('subnet', `${showSubnet(own)} of the network ${network.name} overlaps with ${showSubnet(theirs)} of the network ${other.name}`, define(network.name)))))
  return [...holes, ...met]
}

function checkDhcp({ name, subnets }: NetworkRow): Finding[] {
  return subnets.flatMap(({ address, dhcp, reservations }) => [
    ...dhcp.filter((range) => rangeHolds(range, address))
      .map(({ start, end }) => problem('dhcp', `the DHCP range ${start}-${end} of the network ${name} holds its gateway ${address}`, `bay net set ${name} dhcp=A-B`)),
    ...twice(reservations.flatMap(({ mac, ip }) => [mac?.toLowerCase(), ip.toLowerCase()]))
      .map((key) => problem('dhcp', `the network ${name} has two reservations of ${key}`, `bay net unreserve ${name} ${key}`)),
  ])
}

function checkStopped({ name, active, autostart }: NetworkRow): Finding[] {
  return autostart && !active ? [warning('stopped', `the network ${name} is stopped, though it starts with the host`, `bay net start ${name}`)] : []
}

/** Those of a network that can be told. */
export function subnetsOf({ subnets }: Pick<NetworkRow, 'subnets'>): Subnet[] {
  return subnets.flatMap(({ address, prefix }) => subnetAround(address, prefix) ?? [])
}

function twice(keys: readonly (string | undefined)[]): string[] {
  const known = keys.filter((key) => key !== undefined)
  return [...new Set(known.filter((key, at) => known.indexOf(key) !== at))]
}

function define(name: string): string {
  return `another subnet: bay net xml --inactive ${name} > net.xml, change it, bay net define net.xml, bay net stop ${name}, bay net start ${name}`
}
