import ipaddr from 'ipaddr.js'

export type Family = 'ipv4' | 'ipv6'

/** A run of addresses of one family, both ends in it. */
export interface Addresses {
  family: Family
  first: bigint
  last: bigint
}

const bits = { ipv4: 32, ipv6: 128 } as const

/**
 * Reads `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32` or `10.0.0.5-10.0.0.9`.
 * @returns the addresses, or what is wrong with the text as the end of a sentence, and how to write it
 */
export function parseAddresses(text: string): Addresses | { fault: string, hint?: string } {
  const [from = '', to, ...more] = text.split('-')
  if (to !== undefined) {
    const [first, last] = [parseAddress(from), parseAddress(to)]
    if (!first || !last || more.length > 0) return { fault: 'is no range of addresses', hint: '10.0.0.5-10.0.0.9' }
    if (first.family !== last.family) return { fault: 'mixes IPv4 and IPv6' }
    if (first.value > last.value) return { fault: 'ends before it begins' }
    return { family: first.family, first: first.value, last: last.value }
  }
  const [address = '', length, ...rest] = text.split('/')
  const parsed = parseAddress(address)
  if (!parsed || rest.length > 0) return { fault: 'is no address, CIDR or set', hint: '10.0.0.0/8, 2001:db8::/32, or a name from sets:' }
  const { family, value } = parsed
  if (length === undefined) return { family, first: value, last: value }
  if (!/^\d{1,3}$/.test(length)) return { fault: `has a prefix that is no number: /${length}`, hint: 'write a mask such as 255.0.0.0 as /8' }
  if (Number(length) > bits[family]) return { fault: `has a longer prefix than an ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address: /${length}` }
  const size = 1n << BigInt(bits[family] - Number(length))
  const first = value - value % size
  if (first !== value) return { fault: 'has bits behind its prefix', hint: `${formatAddress(family, first)}/${length} for the network, or ${address} for the one address` }
  return { family, first, last: first + size - 1n }
}

/** One address as a number. */
export function parseAddress(text: string): { family: Family, value: bigint } | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return { family: 'ipv4', value: numberOf(ipaddr.IPv4.parse(text)) }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null
  const address = ipaddr.IPv6.parse(text)
  // A packet never has one, and libvirt would write it in another form.
  return address.isIPv4MappedAddress() ? null : { family: 'ipv6', value: numberOf(address) }
}

/** The one address, the CIDR, or the range. */
export function formatAddresses({ family, first, last }: Addresses): string {
  const prefix = prefixOf({ family, first, last })
  if (prefix === bits[family]) return formatAddress(family, first)
  if (prefix !== null) return `${formatAddress(family, first)}/${prefix}`
  return `${formatAddress(family, first)}-${formatAddress(family, last)}`
}

export function formatAddress(family: Family, value: bigint): string {
  const length = bits[family] / 8
  const bytes = Array.from({ length }, (_, index) => Number(value >> BigInt(8 * (length - index - 1)) & 255n))
  return family === 'ipv4' ? new ipaddr.IPv4(bytes).toString() : new ipaddr.IPv6(bytes).toRFC5952String()
}

/** The length of the prefix when the addresses are a network; else null. */
export function prefixOf({ family, first, last }: Addresses): number | null {
  const size = last - first + 1n
  if ((size & (size - 1n)) !== 0n || first % size !== 0n) return null
  return bits[family] - (size.toString(2).length - 1)
}

/** Whether every address of `inner` is in `outer`. */
export function covers(outer: Addresses, inner: Addresses): boolean {
  return outer.family === inner.family && outer.first <= inner.first && outer.last >= inner.last
}

function numberOf(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  return address.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}
