import { rangeElement, type AddressRange, type SubnetSpec } from './network.js'
import { readNetworkElement } from './network-description.js'
import { addChildren, el, setAttributes, type XmlElement } from './node.js'
import { attr, child, children, remove, upsert } from './tree.js'

type Place = Pick<SubnetSpec, 'family' | 'address' | 'prefix'>

/** The host's address in each family, as it shall be; what is undefined stays, null removes. */
export interface NetworkAddresses {
  ipv4?: Place & { dhcp: AddressRange | null }
  ipv6?: Place | null
}

export type NetworkAddressName = 'subnet' | 'ipv6' | 'dhcp'

/** What a parsed network has of them: the host's address with its prefix, and the DHCP ranges of IPv4. */
export function readNetworkAddresses(root: XmlElement): Record<NetworkAddressName, string | null> {
  const { subnets } = readNetworkElement(root)
  const shown = (wanted: string) => {
    const found = subnets.find(({ family }) => family === wanted)
    return found ? `${found.address}/${found.prefix ?? '?'}` : null
  }
  const ranges = subnets.filter(({ family }) => family === 'ipv4').flatMap(({ dhcp }) => dhcp).map(({ start, end }) => `${start}-${end}`)
  return { subnet: shown('ipv4'), ipv6: shown('ipv6'), dhcp: ranges.length === 0 ? null : ranges.join(',') }
}

/** Changes the first subnet of a family in a parsed network and leaves all else as it is, reservations too. */
export function changeNetworkAddresses(root: XmlElement, { ipv4, ipv6 }: NetworkAddresses): void {
  if (ipv4) {
    const ip = place(root, ipv4)
    remove(ip, 'dhcp/range')
    if (ipv4.dhcp) addRange(ip, ipv4.dhcp)
    else if (children(child(ip, 'dhcp')).length === 0) remove(ip, 'dhcp')
  }
  if (ipv6) place(root, ipv6)
  else if (ipv6 === null) remove(root, 'ip', isOf('ipv6'))
  if (ipv6 !== undefined) translateIpv6(root)
}

function place(root: XmlElement, { family, address, prefix }: Place): XmlElement {
  const there = children(root, 'ip').find(isOf(family))
  const ip = there ?? el('ip', {})
  if (!there) root.children.push(ip)
  setAttributes(ip, { family: family === 'ipv6' ? family : null, address, netmask: null, prefix })
  return ip
}

/** Before what else there is: libvirt wants ranges first. */
function addRange(ip: XmlElement, range: AddressRange): void {
  const dhcp = upsert(ip, 'dhcp', {})
  const others = dhcp.children
  dhcp.children = []
  addChildren(dhcp, [rangeElement(range)])
  dhcp.children.push(...others)
}

/** Addresses that nobody routes need translating as the IPv4 ones do; others do not. */
function translateIpv6(root: XmlElement): void {
  const forward = child(root, 'forward')
  if (!forward || (attr(forward, 'mode') ?? 'nat') !== 'nat') return
  const isPrivate = children(root, 'ip').some((ip) => /^f[cd]/i.test(attr(ip, 'address') ?? ''))
  const nat = child(forward, 'nat')
  if (isPrivate) upsert(forward, 'nat', { ipv6: true })
  else if (nat && attr(nat, 'ipv6') !== undefined) setAttributes(nat, { ipv6: null })
}

function isOf(family: string): (ip: XmlElement) => boolean {
  return (ip) => (attr(ip, 'family') === 'ipv6' || (attr(ip, 'address') ?? '').includes(':')) === (family === 'ipv6')
}
