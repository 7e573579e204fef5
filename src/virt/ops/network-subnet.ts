import ipaddr from 'ipaddr.js'
import { UsageError } from '../../errors.js'

/** A range of addresses with a prefix of bits in common. */
export interface Subnet {
  family: 'ipv4' | 'ipv6'
  /** the first address: 4 or 16 bytes */
  bytes: readonly number[]
  prefix: number
}

/**
 * An IPv4 subnet, as `10.20.0.0/24` or `10.20.0.0/255.255.255.0`; `said` is what stands before it, for the message.
 * @throws UsageError for another spelling, bits behind the prefix, and what no network can be made of
 */
export function parseSubnet(text: string, said = '--subnet '): Subnet {
  const [address = '', mask, ...rest] = text.split('/')
  if (rest.length > 0 || !ipaddr.IPv4.isValidFourPartDecimal(address)) throw notIpv4(text, said)
  if (mask === undefined) throw new UsageError(`${said}"${text}" has no prefix`, `write ${said}${address}/24`)
  const prefix = parsePrefix(text, mask, said)
  const subnet = subnetOf(ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`), prefix)
  if (prefix < 8 || prefix > 30) throw new UsageError(`${said}"${text}": the prefix must be between 8 and 30`)
  if (showAddress(subnet.bytes) !== address) throw hostBits(said, text, subnet)
  refuseRange(said, text, ipaddr.IPv4.parse(address).range(), ['unspecified', 'broadcast', 'multicast', 'linkLocal', 'loopback', 'reserved'])
  return subnet
}

/**
 * An IPv6 prefix, as `fd00:1::/64`: guests make their own addresses in it, which takes 64 bits.
 * @throws UsageError
 */
export function parseIpv6Prefix(text: string, said = '--ipv6 '): Subnet {
  const [address = '', mask, ...rest] = text.split('/')
  if (rest.length > 0 || !ipaddr.IPv6.isValid(address) || address.includes('%')) {
    throw new UsageError(`${said}"${text}" is not an IPv6 prefix`, 'write it as fd00:1::/64')
  }
  if (mask !== '64') throw new UsageError(`${said}"${text}": the prefix must be 64, for guests make their own addresses`, `write ${said}${address}/64`)
  const parsed = ipaddr.IPv6.parse(address)
  const subnet = subnetOf(ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`), 64)
  if (showAddress(subnet.bytes) !== showAddress(parsed.toByteArray())) throw hostBits(said, text, subnet)
  refuseRange(said, text, parsed.range(), ['unspecified', 'multicast', 'linkLocal', 'loopback', 'ipv4Mapped', 'reserved'])
  return subnet
}

/** `10.20.0.0/24`. */
export function showSubnet({ bytes, prefix }: Subnet): string {
  return `${showAddress(bytes)}/${prefix}`
}

/** `10.20.0.1`, `fd00:1::1`. */
export function showAddress(bytes: readonly number[]): string {
  const address = ipaddr.fromByteArray([...bytes])
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}

/** The subnet of an address; null when they are none. */
export function subnetAround(address: string, prefix: number | null): Subnet | null {
  if (prefix === null || !ipaddr.isValid(address)) return null
  const parsed = ipaddr.parse(address)
  if (prefix < 0 || prefix > (parsed.kind() === 'ipv4' ? 32 : 128)) return null
  const cidr = `${address.replace(/%.*/, '')}/${prefix}`
  return subnetOf(parsed.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr), prefix)
}

interface SomeSubnet { family: string, address: string, prefix: number | null }

/** The one of these IPv4 subnets that holds the address, with all that is known of it. */
export function subnetHolding<S extends SomeSubnet>(subnets: readonly S[], address: string): S | undefined {
  const host = subnetAround(address, 32)
  return subnets.find((each) => {
    const subnet = each.family === 'ipv4' ? subnetAround(each.address, each.prefix) : null
    return subnet !== null && host !== null && overlap(subnet, host)
  })
}

/** Whether two subnets have an address in common. */
export function overlap(a: Subnet, b: Subnet): boolean {
  if (a.family !== b.family) return false
  const bits = Math.min(a.prefix, b.prefix)
  return a.bytes.every((byte, at) => {
    const mask = 0xff << Math.min(8, Math.max(0, 8 - (bits - at * 8))) & 0xff
    return (byte & mask) === ((b.bytes[at] ?? 0) & mask)
  })
}

/** Whether a prefix is one of those that no provider routes: fc00::/7. */
export function isPrivateIpv6({ bytes: [first = 0] }: Subnet): boolean {
  return (first & 0xfe) === 0xfc
}

function parsePrefix(text: string, mask: string, said: string): number {
  if (/^\d{1,2}$/.test(mask) && Number(mask) <= 32) return Number(mask)
  const bits = ipaddr.IPv4.isValidFourPartDecimal(mask) ? ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask() : null
  if (bits === null) throw new UsageError(`${said}"${text}": ${mask === '' ? 'the prefix is empty' : `${mask} is no prefix and no netmask`}`, 'write it as 10.20.0.0/24')
  return bits
}

function subnetOf(first: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): Subnet {
  return { family: first.kind(), bytes: first.toByteArray(), prefix }
}

function notIpv4(text: string, said: string): UsageError {
  const isFlag = said.startsWith('--')
  return ipaddr.IPv6.isValid(text.split('/')[0] ?? '')
    ? new UsageError(`${said}"${text}" is IPv6`, isFlag ? `--subnet auto --ipv6 ${text}` : `ipv6=${text}`)
    : new UsageError(`${said}"${text}" is not an IPv4 subnet`, `write it as 10.20.0.0/24${isFlag ? ', or auto for a free one' : ''}`)
}

function hostBits(said: string, text: string, subnet: Subnet): UsageError {
  return new UsageError(`${said}"${text}" is an address, not a network`, `write ${said}${showSubnet(subnet)}`)
}

function refuseRange(said: string, text: string, range: string, refused: readonly string[]): void {
  if (refused.includes(range)) throw new UsageError(`${said}"${text}" is for special use (${range}), no network can have it`, 'take one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16')
}
