import ipaddr from 'ipaddr.js'
import { UsageError } from '../../errors.js'
import type { AddressRange, SubnetSpec } from '../../xml/network.js'
import { showAddress, showSubnet, type Subnet } from './network-subnet.js'

/**
 * A subnet as libvirt takes it: the first address is the gateway, and DHCP has the rest unless told.
 * `dhcp` is a range, false for none, or undefined for the one that follows from the subnet; IPv6 has none.
 * @throws UsageError for a range that does not fit
 */
export function planSubnet(subnet: Subnet, dhcp?: AddressRange | false): SubnetSpec {
  const gateway = showAddress(subnet.bytes.map((byte, at) => at === subnet.bytes.length - 1 ? byte + 1 : byte))
  const spec = { family: subnet.family, address: gateway, prefix: subnet.prefix }
  if (subnet.family === 'ipv6' || dhcp === false) return spec
  return { ...spec, dhcp: dhcp ? checkRange(subnet, gateway, dhcp) : allButGateway(subnet, gateway) }
}

/** libvirt defines no range whose ends differ in the first two bytes: "too large (> 65535)". */
const mostLeases = 2 ** 16

/** The larger side of an IPv4 subnet's gateway. */
export function allButGateway(subnet: Subnet, gateway: string): AddressRange {
  const { first, last } = limits(subnet)
  const own = toNumber(gateway)
  const [from, to] = own - first > last - own ? [first, own - 1] : [own + 1, last]
  return { start: fromNumber(from), end: fromNumber(Math.min(to, from - from % mostLeases + mostLeases - 2)) }
}

/** A range of a subnet as libvirt and DHCP take it; `said` is how the user gave it. @throws UsageError */
export function checkRange(subnet: Subnet, gateway: string, { start, end }: AddressRange, said = '--dhcp '): AddressRange {
  const { first, last } = limits(subnet)
  const [from, to, own] = [toNumber(start), toNumber(end), toNumber(gateway)]
  const range = `${said}${start}-${end}`
  const usual = allButGateway(subnet, gateway)
  const hint = `the largest range is ${usual.start}-${usual.end}`
  if (from > to) throw new UsageError(`${range} ends before it begins`, `write ${said}${end}-${start}`)
  if (from < first || to > last) throw new UsageError(`${range} is not inside ${showSubnet(subnet)}`, hint)
  if (from <= own && own <= to) throw new UsageError(`${range} holds the gateway ${gateway}`, hint)
  if (Math.floor(from / mostLeases) !== Math.floor(to / mostLeases)) throw new UsageError(`${range} reaches over more than one /16`, hint)
  return { start, end }
}

/** All addresses that hosts may have in an IPv4 subnet, the gateway's too. */
export function hostRange(subnet: Subnet): AddressRange {
  const { first, last } = limits(subnet)
  return { start: fromNumber(first), end: fromNumber(last) }
}

/** The same part of another subnet of that size; undefined when it is of another size, or no part of the first. */
export function sameRange(before: Subnet, after: Subnet, { start, end }: AddressRange): AddressRange | undefined {
  if (before.prefix !== after.prefix || ![start, end].every((each) => rangeHolds(hostRange(before), each))) return undefined
  const moved = (address: string) => fromNumber(toNumber(address) - limits(before).first + limits(after).first)
  return { start: moved(start), end: moved(end) }
}

/** The first and the last address that a host may have. */
function limits({ bytes, prefix }: Subnet): { first: number, last: number } {
  const network = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { first: network + 1, last: network + 2 ** (32 - prefix) - 2 }
}

/** A range as `A-B`; `said` is what stands before it, for the message. @throws UsageError */
export function parseRange(text: string, said = '--dhcp '): AddressRange {
  const [start = '', end = '', ...rest] = text.split('-')
  if (rest.length > 0 || ![start, end].every((each) => ipaddr.IPv4.isValidFourPartDecimal(each))) {
    throw new UsageError(`${said}"${text}" is not a range of IPv4 addresses`, 'write it as 10.20.0.100-10.20.0.199')
  }
  return { start, end }
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

function fromNumber(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** Whether an IPv4 range holds an address. */
export function rangeHolds({ start, end }: AddressRange, address: string): boolean {
  if (![start, end, address].every((each) => ipaddr.IPv4.isValidFourPartDecimal(each))) return false
  return toNumber(start) <= toNumber(address) && toNumber(address) <= toNumber(end)
}
