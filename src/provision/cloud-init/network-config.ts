import ipaddr from 'ipaddr.js'
import { UsageError } from '../../errors.js'
import { checkDomain } from './check.js'
import type { GuestNetwork, GuestNic, GuestRoute } from './spec.js'
import { writeYaml, yamlMap, type YamlValue } from './yaml.js'

/**
 * The network-config file, version 2; null when there is nothing to configure.
 * https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html
 * The default route is a route to 0.0.0.0/0: `gateway4` is deprecated, and cloud-init 22 stumbles over `to: default`.
 * @throws UsageError for an address without prefix, a gateway out of reach, a MAC address given twice …
 */
export function networkConfigFile(network: GuestNetwork | undefined): string | null {
  if (!network || network.nics.length === 0) return null
  const macs = network.nics.map(({ mac }) => checkMac(mac))
  const twice = macs.find((mac, index) => macs.indexOf(mac) < index)
  if (twice !== undefined) throw new UsageError(`the interface ${twice} is configured twice`)
  const ethernets = new Map(network.nics.map((nic, index): [string, YamlValue] => [`nic${index}`, nicConfig(nic)]))
  return writeYaml(yamlMap({ version: 2, ethernets }))
}

function nicConfig(nic: GuestNic): YamlValue {
  const { mac, dns = [], search = [] } = nic
  const own = nic.addresses === 'dhcp' ? [] : nic.addresses.map((text) => hostAddress(text))
  if (nic.addresses === 'dhcp') refuseGateways(nic)
  else if (own.length === 0) throw new UsageError(`the interface ${mac} has no address`, 'an address with its prefix, or dhcp')
  const routes = [...defaultRoutes(nic, own), ...(nic.routes ?? []).map((route) => routeConfig(route, own))]
  for (const domain of search) checkDomain('search domain', domain)
  const nameservers = yamlMap({
    addresses: dns.length > 0 ? dns.map((text) => parseIp('name server', text).toString()) : undefined,
    search: search.length > 0 ? [...search] : undefined,
  })
  return yamlMap({
    match: yamlMap({ macaddress: checkMac(mac) }),
    dhcp4: nic.addresses === 'dhcp',
    addresses: own.length > 0 ? own.map(([address, prefix]) => `${address.toString()}/${prefix}`) : undefined,
    routes: routes.length > 0 ? routes : undefined,
    nameservers: nameservers.size > 0 ? nameservers : undefined,
  })
}

type Ip = ipaddr.IPv4 | ipaddr.IPv6
type Cidr = [address: Ip, prefix: number]

/** cloud-init wants it in lower case. */
function checkMac(mac: string): string {
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) return mac.toLowerCase()
  throw new UsageError(`${mac} is no MAC address`, 'write it as 52:54:00:12:34:56')
}

function refuseGateways({ mac, gateway4, gateway6 }: GuestNic): void {
  if (gateway4 === undefined && gateway6 === undefined) return
  throw new UsageError(`the interface ${mac} has its gateway from DHCP`, 'leave the gateway out, or give an address')
}

function defaultRoutes({ gateway4, gateway6 }: GuestNic, own: readonly Cidr[]): YamlValue[] {
  const routes: YamlValue[] = []
  if (gateway4 !== undefined) routes.push(routeTo('0.0.0.0/0', reachable(gateway4, 'ipv4', own)))
  if (gateway6 !== undefined) routes.push(routeTo('::/0', reachable(gateway6, 'ipv6', own)))
  return routes
}

function routeConfig({ to, via }: GuestRoute, own: readonly Cidr[]): YamlValue {
  const [target, prefix] = parseCidr('route', to)
  return routeTo(`${target.toString()}/${prefix}`, reachable(via, target.kind(), own))
}

function routeTo(to: string, via: string): YamlValue {
  return yamlMap({ to, via })
}

/** A gateway of that family on one of the interface's networks; with DHCP they are not known. */
function reachable(text: string, kind: 'ipv4' | 'ipv6', own: readonly Cidr[]): string {
  const gateway = parseIp('gateway', text)
  if (gateway.kind() !== kind) throw new UsageError(`the gateway ${text} is no ${kind === 'ipv4' ? 'IPv4' : 'IPv6'} address`)
  const near = own.length === 0 || gateway.range() === 'linkLocal' || own.some(([address, prefix]) => address.kind() === kind && gateway.match(address, prefix))
  if (!near) throw new UsageError(`the gateway ${text} is on no network of its interface`, `an address in ${own.map(([address, prefix]) => `${address.toString()}/${prefix}`).join(', ')}`)
  if (own.some(([address]) => address.toString() === gateway.toString())) throw new UsageError(`the gateway ${text} is the guest's own address`)
  return gateway.toString()
}

/** An address that a host may have. */
function hostAddress(text: string): Cidr {
  const [address, prefix] = parseCidr('address', text)
  const range = address.range()
  const unusable = ['unspecified', 'multicast', 'loopback', 'broadcast'].includes(range) || prefix === 0
  if (unusable || isEdge(address, text, prefix)) throw new UsageError(`the address ${text} cannot be a guest's`)
  return [address, prefix]
}

/** Whether it is the network's own address or its broadcast. */
function isEdge(address: Ip, text: string, prefix: number): boolean {
  if (address.kind() === 'ipv6' || prefix > 30) return false
  const edges = [ipaddr.IPv4.networkAddressFromCIDR(text), ipaddr.IPv4.broadcastAddressFromCIDR(text)]
  return edges.some((edge) => edge.toString() === address.toString())
}

function parseCidr(what: string, text: string): Cidr {
  const [address = '', length = '', ...rest] = text.split('/')
  const ip = parseIp(what, address, text)
  const prefix = Number(length)
  if (rest.length > 0 || !/^\d{1,3}$/.test(length) || prefix > (ip.kind() === 'ipv4' ? 32 : 128)) {
    throw new UsageError(`the ${what} ${text} has no prefix`, `write it as ${address}/${ip.kind() === 'ipv4' ? 24 : 64}`)
  }
  return [ip, prefix]
}

/** In the usual spelling only: 10.1 and 010.0.0.1 mean one thing here and another there. */
function parseIp(what: string, text: string, whole = text): Ip {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  if (ipaddr.IPv6.isValid(text) && !text.includes('%')) return ipaddr.IPv6.parse(text)
  throw new UsageError(`the ${what} ${JSON.stringify(whole)} is no IP address`)
}
