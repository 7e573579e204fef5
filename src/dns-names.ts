import ipaddr from 'ipaddr.js'
import { UsageError } from './errors.js'
import type { DnsHost } from './xml/network.js'

const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/

/** A DNS name. `what` is the flag or key, for the message. @throws UsageError */
export function checkDomain(text: string, what: string): string {
  if (text.length <= 253 && text.split('.').every((each) => label.test(each))) return text
  throw new UsageError(`${what} "${text.slice(0, 60)}" is not a DNS name`, 'for example lab.example')
}

/** An address of either family as it is usually written. @throws UsageError */
export function checkDnsAddress(text: string, what: string): string {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text
  if (ipaddr.IPv6.isValid(text) && !text.includes('%')) return ipaddr.IPv6.parse(text).toRFC5952String()
  throw new UsageError(`${what}: "${text.slice(0, 60)}" is no IP address`, 'for example db=10.20.0.5')
}

/** `NAME=ADDR`, each name once for an address. libvirt has one record an address. @throws UsageError */
export function parseDnsHosts(texts: readonly string[]): DnsHost[] {
  const byAddress = new Map<string, string[]>()
  for (const text of texts) {
    const at = text.indexOf('=')
    const what = `--dns ${text.slice(0, 60)}`
    if (at < 0) throw new UsageError(`${what}: there is no =`, 'write it as NAME=ADDR, such as db=10.20.0.5')
    const [name, address] = [checkDomain(text.slice(0, at), `${what}: the name`), checkDnsAddress(text.slice(at + 1), what)]
    const names = byAddress.get(address) ?? []
    if (names.includes(name)) throw new UsageError(`${what} is given twice`)
    byAddress.set(address, [...names, name])
  }
  return [...byAddress].map(([address, names]) => ({ address, names }))
}
