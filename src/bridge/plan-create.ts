import ipaddr from 'ipaddr.js'
import { UsageError } from '../errors.js'
import { address, link, type Step } from './steps.js'

export interface NewBridge {
  name: string
  /** in the form 10.0.0.1/24, checked */
  addresses: readonly string[]
  stp: boolean
  vlanFiltering: boolean
  mtu: number | null
  /** its MAC address; null leaves it to the kernel, or to udev */
  mac: string | null
}

/** The steps that make a bridge, and what removes it, whichever were taken. */
export function planCreate({ name, addresses, stp, vlanFiltering, mtu, mac }: NewBridge): { steps: Step[], undo: Step[] } {
  const filtering = vlanFiltering ? ['vlan_filtering', '1'] : []
  return {
    steps: [
      link.add(name, ...mac === null ? [] : ['address', mac], 'type', 'bridge', 'stp_state', stp ? '1' : '0', ...filtering),
      // Not as it is made: that size would go with the first port.
      ...mtu === null ? [] : [link.set(name, 'mtu', String(mtu))],
      ...addresses.map((each) => address.add(name, each.includes(':') ? [each] : [each, 'broadcast', '+'])),
      link.set(name, 'up'),
    ],
    undo: [link.delete(name)],
  }
}

/** An address with its prefix, that a device can have. @throws UsageError */
export function parseDeviceAddress(text: string): string {
  // 10.1/16 would be read as 10.0.0.1.
  const isPlain = text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text.split('/')[0] ?? '')
  if (!isPlain || !ipaddr.isValidCIDR(text)) throw new UsageError(`"${text.slice(0, 60)}" is no address with its prefix`, 'for example 10.0.0.1/24 or fd00:1::1/64')
  const [host, bits] = ipaddr.parseCIDR(text)
  const plain = `${host.toString()}/${bits}`
  const fault = faultOf(host, bits, plain)
  if (fault) throw new UsageError(`${plain} ${fault}`, 'give the address that this system is to have')
  return plain
}

function faultOf(host: ipaddr.IPv4 | ipaddr.IPv6, bits: number, plain: string): string | undefined {
  if (!['unicast', 'private', 'uniqueLocal', 'carrierGradeNat', 'reserved', 'linkLocal'].includes(host.range())) return `is no address for a device (${host.range()})`
  if (host.kind() === 'ipv6' || bits > 30) return undefined
  if (ipaddr.IPv4.networkAddressFromCIDR(plain).toString() === host.toString()) return 'is the subnet itself'
  return ipaddr.IPv4.broadcastAddressFromCIDR(plain).toString() === host.toString() ? 'is the subnet\'s broadcast address' : undefined
}
