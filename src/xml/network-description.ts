import { readBay } from './metadata.js'
import type { AddressRange, DnsHost } from './network.js'
import { parse } from './node.js'
import type { XmlElement } from './node.js'
import { integer } from './numbers.js'
import { all, attr, child, children, textOf } from './tree.js'

export interface ReservationDescription { mac: string | null, ip: string, name: string | null }

export interface SubnetDescription {
  family: 'ipv4' | 'ipv6'
  address: string
  /** Bits; null for a netmask that has holes. */
  prefix: number | null
  dhcp: AddressRange[]
  reservations: ReservationDescription[]
}

export interface NetworkDescription {
  name: string
  uuid: string | null
  /** `nat`, `route`, `isolated`, `open`, `bridge`, `macvtap`, or another of libvirt's forward modes. */
  mode: string
  bridge: string | null
  /** Of the host's, that its guests go out by; null for all. */
  device: string | null
  domain: string | null
  mtu: number | null
  isolateGuests: boolean
  /** Whether its guests may ask the network's own address for names. */
  dns: boolean
  /** What its DNS server answers for by itself, but for guests with a reservation or a lease. */
  dnsHosts: DnsHost[]
  subnets: SubnetDescription[]
  /** Attributes of our own element; null when it has none. */
  metadata: Record<string, string> | null
}

/** What a network's XML says (https://libvirt.org/formatnetwork.html). Throws UsageError for what is no XML. */
export function readNetwork(xml: string): NetworkDescription {
  return readNetworkElement(parse(xml))
}

/** The same of a parsed one. */
export function readNetworkElement(root: XmlElement): NetworkDescription {
  const forward = child(root, 'forward')
  return {
    name: textOf(child(root, 'name')) ?? '',
    uuid: textOf(child(root, 'uuid')) ?? null,
    mode: readMode(root, forward),
    bridge: attr(child(root, 'bridge'), 'name') ?? null,
    device: attr(forward, 'dev') ?? attr(child(forward, 'interface'), 'dev') ?? null,
    domain: attr(child(root, 'domain'), 'name') ?? null,
    mtu: integer(attr(child(root, 'mtu'), 'size')),
    isolateGuests: attr(child(root, 'port'), 'isolated') === 'yes',
    dns: attr(child(root, 'dns'), 'enable') !== 'no',
    dnsHosts: all(root, 'dns/host').map((host) => ({
      address: attr(host, 'ip') ?? '', names: children(host, 'hostname').map((name) => textOf(name) ?? ''),
    })),
    subnets: children(root, 'ip').filter((ip) => attr(ip, 'address') !== undefined).map(readSubnet),
    metadata: readBay(root),
  }
}

/** What libvirt calls the bridge mode of a device is what others call macvtap. */
function readMode(root: XmlElement, forward: XmlElement | undefined): string {
  if (!forward) return 'isolated'
  const mode = attr(forward, 'mode') ?? 'nat'
  return mode === 'bridge' && !child(root, 'bridge') ? 'macvtap' : mode
}

function readSubnet(ip: XmlElement): SubnetDescription {
  const address = attr(ip, 'address') ?? ''
  return {
    family: attr(ip, 'family') === 'ipv6' || address.includes(':') ? 'ipv6' : 'ipv4',
    address,
    prefix: readPrefix(ip, address),
    dhcp: all(ip, 'dhcp/range').map((range) => ({ start: attr(range, 'start') ?? '', end: attr(range, 'end') ?? '' })),
    reservations: all(ip, 'dhcp/host').map((host) => ({
      mac: attr(host, 'mac') ?? null,
      ip: attr(host, 'ip') ?? '',
      name: attr(host, 'name') ?? null,
    })),
  }
}

/** As libvirt: the prefix, else the netmask, else what the address's class had (64 bits for IPv6). */
function readPrefix(ip: XmlElement, address: string): number | null {
  const netmask = attr(ip, 'netmask')
  if (netmask !== undefined) return maskBits(netmask)
  return integer(attr(ip, 'prefix')) ?? (address.includes(':') ? 64 : classBits(address))
}

function maskBits(netmask: string): number | null {
  const bits = netmask.split('.').map((part) => Number(part).toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits) && bits.length === 32 ? bits.replaceAll('0', '').length : null
}

function classBits(address: string): number {
  const first = Number(address.split('.')[0])
  return first < 128 ? 8 : first < 192 ? 16 : 24
}
