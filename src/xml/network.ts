import { UsageError } from '../errors.js'
import { bayElement } from './metadata.js'
import { el } from './node.js'
import type { Attributes, Child, XmlElement } from './node.js'
import { whole } from './numbers.js'

export interface NetworkSpec {
  name: string
  /** Must be the old one when a network is redefined. */
  uuid?: string
  /**
   * `isolated` has no way out; `open` is routed and libvirt adds no firewall rules; `bridge` is a bridge of the host; `macvtap`
   * puts guests on a device of the host's, past the host itself.
   */
  mode: 'nat' | 'route' | 'isolated' | 'open' | 'bridge' | 'macvtap'
  /** The host's device, in mode `macvtap`. */
  device?: string
  /** At most 15 characters. Name it: libvirt has been seen to give one name to two networks. */
  bridge?: string
  /** The DNS domain, answered for by this network alone. */
  domain?: string
  mtu?: number
  dns?: DnsSpec
  /** Translates IPv6 as well, for prefixes that are not routed to this host; in mode `nat`. */
  natIpv6?: boolean
  /** Guests of this network cannot reach each other: libvirt isolates the port of each interface on it, whoever adds it. */
  isolateGuests?: boolean
  /** None in the modes `bridge` and `macvtap`. */
  subnets?: readonly SubnetSpec[]
  /** Attributes of our own element in `<metadata>`. */
  metadata?: Attributes
}

export interface DnsSpec {
  /** True unless told. */
  enable?: boolean
  /** Addresses of the servers that are asked, instead of the host's own. */
  forwarders?: readonly string[]
  /** Names that the network's DNS server answers for by itself. */
  hosts?: readonly DnsHost[]
}

export interface DnsHost { address: string, names: readonly string[] }

export interface SubnetSpec {
  family: 'ipv4' | 'ipv6'
  /** The host's own address in it, which is the guests' gateway. */
  address: string
  prefix: number
  dhcp?: AddressRange
  reservations?: readonly ReservationSpec[]
}

export interface AddressRange { start: string, end: string }

export interface ReservationSpec {
  /** The guest's card, for IPv4; libvirt knows none for IPv6 and goes by the name there. */
  mac?: string
  name?: string
  ip: string
}

/**
 * A `<network>` (https://libvirt.org/formatnetwork.html).
 * Throws UsageError for numbers out of range and for what libvirt takes but cannot start or carry out.
 */
export function networkElement(spec: NetworkSpec): XmlElement {
  if (spec.mode === 'bridge') return hostBridge(spec)
  if (spec.mode === 'macvtap') return hostDevice(spec)
  return el('network', {},
    ...identity(spec),
    forward(spec),
    el('bridge', { name: bridgeName(spec.bridge), stp: 'on', delay: 0 }),
    spec.mtu !== undefined && el('mtu', { size: whole(spec.mtu, 'the MTU', { min: 68, max: 65535 }) }),
    spec.domain && el('domain', { name: spec.domain, localOnly: true }),
    spec.dns && dnsElement(spec.dns),
    spec.isolateGuests && el('port', { isolated: true }),
    ...(spec.subnets ?? []).map(subnetElement),
  )
}

/** libvirt only hands such a network's guests to the bridge: addresses and DNS are others' business there. */
function hostBridge(spec: NetworkSpec): XmlElement {
  if (!spec.bridge) throw new UsageError('a network in mode bridge needs the name of the host\'s bridge')
  if (spec.subnets?.length || spec.domain || spec.dns || spec.mtu !== undefined) {
    throw new UsageError('a network in mode bridge has no subnets, domain, DNS or MTU of its own')
  }
  return el('network', {},
    ...identity(spec),
    forward(spec),
    el('bridge', { name: bridgeName(spec.bridge) }),
    spec.isolateGuests && el('port', { isolated: true }),
  )
}

/** Guests are on the wire of the host's device; there is no bridge whose ports could be kept apart. */
function hostDevice(spec: NetworkSpec): XmlElement {
  if (!spec.device) throw new UsageError('a network in mode macvtap needs the name of the host\'s device')
  if (spec.subnets?.length || spec.domain || spec.dns || spec.mtu !== undefined || spec.bridge || spec.isolateGuests) {
    throw new UsageError('a network in mode macvtap has no subnets, domain, DNS, MTU, bridge or isolation of its own')
  }
  return el('network', {}, ...identity(spec), el('forward', { mode: 'bridge' }, el('interface', { dev: bridgeName(spec.device) })))
}

/** There is no <description>: libvirt 9.0 refuses it. */
function identity(spec: NetworkSpec): Child[] {
  return [
    el('name', {}, spec.name),
    spec.uuid && el('uuid', {}, spec.uuid),
    spec.metadata && el('metadata', {}, bayElement(spec.metadata)),
  ]
}

/** An isolated network is one without <forward>. */
function forward({ mode, natIpv6 }: NetworkSpec): Child {
  if (natIpv6 && mode !== 'nat') throw new UsageError('IPv6 is translated in mode nat only')
  return mode !== 'isolated' && el('forward', { mode }, natIpv6 && el('nat', { ipv6: true }))
}

/** The kernel's limit; libvirt finds out only when the network starts. */
function bridgeName(name: string | undefined): string | undefined {
  if (name !== undefined && Buffer.byteLength(name) > 15) {
    throw new UsageError(`the name ${name} of a bridge or device is longer than 15 characters`)
  }
  return name
}

function dnsElement({ enable = true, forwarders = [], hosts = [] }: DnsSpec): XmlElement {
  if (!enable && forwarders.length + hosts.length > 0) throw new UsageError('DNS that is off has no forwarders and no records')
  return el('dns', { enable: enable ? null : false }, ...forwarders.map((addr) => el('forwarder', { addr })), ...hosts.map(dnsHostElement))
}

/** A `<host>` of the `<dns>`, by which libvirt also finds the one to remove. */
export function dnsHostElement({ address, names }: DnsHost): XmlElement {
  return el('host', { ip: address }, ...names.map((name) => el('hostname', {}, name)))
}

function subnetElement(subnet: SubnetSpec): XmlElement {
  const { family, address, dhcp, reservations = [] } = subnet
  const prefix = whole(subnet.prefix, `the prefix of ${address}`, { min: 1, max: family === 'ipv4' ? 32 : 128 })
  checkReservations(family, reservations)
  return el('ip', { family: family === 'ipv6' ? family : null, address, prefix },
    (dhcp !== undefined || reservations.length > 0) && el('dhcp', {},
      dhcp && rangeElement(dhcp),
      ...reservations.map(reservationElement),
    ),
  )
}

/** A `<range>` of a `<dhcp>`. */
export function rangeElement({ start, end }: AddressRange): XmlElement {
  return el('range', { start, end })
}

/** A `<host>` of a `<dhcp>`, by which libvirt also finds the one to remove. */
export function reservationElement({ mac, name, ip }: ReservationSpec): XmlElement {
  return el('host', { mac, name, ip })
}

/** libvirt defines a network with a MAC reserved twice, and dnsmasq then picks one. */
function checkReservations(family: SubnetSpec['family'], reservations: readonly ReservationSpec[]): void {
  const seen = new Set<string>()
  for (const { mac, name, ip } of reservations) {
    if (family === 'ipv6' && mac !== undefined) throw new UsageError(`an IPv6 reservation goes by name, not by MAC (${ip})`)
    if (mac === undefined && !name) throw new UsageError(`the reservation of ${ip} needs a ${family === 'ipv4' ? 'MAC' : 'name'}`)
    for (const key of [mac?.toLowerCase(), ip.toLowerCase()]) {
      if (key !== undefined && seen.has(key)) throw new UsageError(`${key} is reserved twice`)
      if (key !== undefined) seen.add(key)
    }
  }
}
