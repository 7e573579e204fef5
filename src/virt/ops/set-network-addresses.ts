import { BayError, UsageError } from '../../errors.js'
import type { AddressRange } from '../../xml/network.js'
import type { NetworkAddresses } from '../../xml/network-addresses.js'
import type { NetworkDescription, SubnetDescription } from '../../xml/network-description.js'
import { sh } from '../../shell.js'
import { reachedBy } from './create-network.js'
import { refuseTaken, type Taken } from './free-network.js'
import { hostRange, planSubnet, rangeHolds, sameRange } from './network-range.js'
import { overlap, showSubnet, subnetAround, type Subnet } from './network-subnet.js'

/** The subnets that a network shall have; what is undefined stays, null removes. */
export interface WantedSubnets {
  subnet?: Subnet
  ipv6?: Subnet | null
}

export interface PlannedAddresses {
  addresses: NetworkAddresses
  /** what a person should know of them */
  notes: string[]
}

/**
 * What is to be written of new subnets, checked as `net create` does; nothing of one that the network has already. `dhcp` is the
 * new range: null for none, undefined for what follows: the same part of a subnet as large, else all but the gateway, and none
 * where there was none.
 * @throws UsageError, NetworkCollision; BayError `wrong-state` for reservations that the new subnet would not hold
 */
export function planAddresses(
  network: NetworkDescription, { subnet, ipv6 }: WantedSubnets, dhcp: AddressRange | null | undefined,
  taken: Pick<Taken, 'networks' | 'routes'>,
): PlannedAddresses {
  const of = (family: string) => network.subnets.find((each) => each.family === family)
  const [four, six] = [of('ipv4'), of('ipv6')]
  const [new4, new6] = [subnet && isNew(four, subnet), ipv6 && isNew(six, ipv6)]
  const gone6 = ipv6 === null && six !== undefined
  if (gone6 && !four && !subnet) throw new UsageError(`ipv6=: it is the only subnet of the network ${network.name}`, 'give it another: subnet=10.20.0.0/24')
  if (new6 || gone6) refuseDhcp6(network.name, six)
  const ipv4 = new4 && planIpv4(new4, four, dhcp)
  if (ipv4) refuseOutside(network.name, new4, ipv4.address, four?.reservations ?? [])
  const added = [new4, new6].flatMap((each) => each ?? [])
  refuseTaken({ name: network.name, subnets: added, bridge: null }, taken.networks)
  return {
    addresses: { ...ipv4 && { ipv4 }, ...new6 ? { ipv6: planSubnet(new6) } : gone6 && { ipv6: null } },
    notes: [
      ...added.flatMap((each) => reachedBy(each, taken.routes.filter(({ device }) => device !== network.bridge))),
      ...new4 && four ? oldRecords(network, four, new4) : [],
    ],
  }
}

/** The subnet, unless the network has it; whoever chose another gateway in it keeps that. */
function isNew(there: SubnetDescription | undefined, wanted: Subnet): Subnet | undefined {
  const own = there && subnetAround(there.address, there.prefix)
  return own && showSubnet(own) === showSubnet(wanted) ? undefined : wanted
}

function planIpv4(
  subnet: Subnet, before: SubnetDescription | undefined, dhcp: AddressRange | null | undefined,
): NonNullable<NetworkAddresses['ipv4']> {
  const old = before && subnetAround(before.address, before.prefix)
  const [range] = before?.dhcp ?? []
  const follows = (): AddressRange | false | undefined => {
    if (before && !range) return false
    const same = old && range && sameRange(old, subnet, range)
    return same && !rangeHolds(same, planSubnet(subnet, false).address) ? same : undefined
  }
  const planned = planSubnet(subnet, dhcp === undefined ? follows() : dhcp ?? false)
  return { ...planned, dhcp: planned.dhcp ?? null }
}

function refuseOutside(network: string, subnet: Subnet, gateway: string, reservations: SubnetDescription['reservations']): void {
  const wrong = reservations.filter(({ ip }) => ip === gateway || !rangeHolds(hostRange(subnet), ip))
  if (wrong.length === 0) return
  const listed = wrong.map(({ ip, mac, name }) => `${ip} (${mac ?? name ?? 'nobody'})`).join(', ')
  throw new BayError('wrong-state', `reservations of the network ${network} are no guests' addresses of ${showSubnet(subnet)}: ${listed}`, {
    hints: wrong.map(({ ip }) => sh`bay net unreserve ${network} ${ip}`),
  })
}

function refuseDhcp6(network: string, six: SubnetDescription | undefined): void {
  if (!six || (six.dhcp.length === 0 && six.reservations.length === 0)) return
  const listed = [...six.dhcp.map(({ start, end }) => `${start}-${end}`), ...six.reservations.map(({ ip, name }) => `${ip} (${name ?? 'nobody'})`)]
  throw new BayError('wrong-state', `the network ${network} gives IPv6 addresses by DHCP, which would be outside: ${listed.join(', ')}`, {
    hints: [sh`bay net xml ${network} and bay net define`],
  })
}

/** A record may be of anything, so it stays. */
function oldRecords({ dnsHosts }: NetworkDescription, before: SubnetDescription, after: Subnet): string[] {
  const old = subnetAround(before.address, before.prefix)
  return dnsHosts.flatMap(({ address, names }) => {
    const host = subnetAround(address, address.includes(':') ? 128 : 32)
    const stale = host !== null && old !== null && overlap(old, host) && !overlap(after, host)
    return stale ? [`the DNS record of ${names.join(', ')} is still ${address}, outside ${showSubnet(after)}`] : []
  })
}
