import { UsageError } from '../../errors.js'
import { dnsHostElement, rangeElement, type AddressRange, type DnsHost } from '../../xml/network.js'
import type { NetworkDescription } from '../../xml/network-description.js'
import { serialize, type XmlElement } from '../../xml/node.js'
import { sh } from '../../shell.js'
import { networkAffect, networkSection, networkUpdate } from '../flags.js'
import type { Network } from '../network.js'
import { checkRange } from './network-range.js'
import { subnetAround } from './network-subnet.js'
import { readSides } from './reserve-address.js'
import type { Rollback } from './rollback.js'

/** What a running network takes at once. */
export interface NetworkRecords {
  /** null for none; undefined stays */
  dhcp?: AddressRange | null
  /** the address of each name; null removes it */
  dns: ReadonlyMap<string, string | null>
}

/** One part to add or to remove: of the n-th <ip>, where it is of one. */
interface Part { add: boolean, section: number, subnet: number, element: XmlElement }

/** @throws UsageError for a range that the network cannot have */
export function checkRecords({ name, subnets }: NetworkDescription, { dhcp }: NetworkRecords): void {
  if (!dhcp) return
  const first = subnets.find(({ family }) => family === 'ipv4')
  const subnet = first && subnetAround(first.address, first.prefix)
  if (!first || !subnet) throw new UsageError(`dhcp: the network ${name} has no IPv4 subnet`)
  checkRange(subnet, first.address, dhcp, 'dhcp=')
}

/** Changes the records of the network as it runs and as it is stored, each as far as it differs; whether any did. */
export async function changeRecords(network: Network, records: NetworkRecords, rollback: Rollback): Promise<boolean> {
  const { live, stored } = readSides(network)
  let changed = false
  for (const [side, where] of [[live, networkAffect.live], [stored, networkAffect.config]] as const) {
    for (const part of side === null ? [] : partsOf(side, records)) {
      const apply = (add: boolean) => network.update({
        command: add ? networkUpdate.addLast : networkUpdate.delete, section: part.section, subnet: part.subnet,
      }, serialize(part.element), where)
      await rollback.step(() => apply(part.add), () => ({
        leaves: `a change of the network ${network.name()}`, removeBy: sh`bay net show ${network.name()}`, undo: () => apply(!part.add),
      }))
      changed = true
    }
  }
  return changed
}

/** New ranges first, so that there is never none. libvirt has one DNS record an address, and replaces none. */
function partsOf(side: NetworkDescription, { dhcp, dns }: NetworkRecords): Part[] {
  const at = side.subnets.findIndex(({ family }) => family === 'ipv4')
  const ranges = side.subnets[at]?.dhcp ?? []
  const isWanted = ({ start, end }: AddressRange) => dhcp?.start === start && dhcp.end === end
  const range = (add: boolean, element: XmlElement): Part => ({ add, section: networkSection.dhcpRange, subnet: at, element })
  const host = (add: boolean) => (each: DnsHost): Part =>
    ({ add, section: networkSection.dnsHost, subnet: -1, element: dnsHostElement(each) })
  const after = withNames(side.dnsHosts, dns)
  const [gone, come] = [notIn(side.dnsHosts, after), notIn(after, side.dnsHosts)]
  return [
    ...dhcp && !ranges.some(isWanted) ? [range(true, rangeElement(dhcp))] : [],
    ...dhcp === undefined ? [] : ranges.filter((each) => !isWanted(each)).map((each) => range(false, rangeElement(each))),
    ...gone.map(host(false)), ...come.map(host(true)),
  ]
}

/** The records with each name at its new address only. */
function withNames(hosts: readonly DnsHost[], wanted: NetworkRecords['dns']): DnsHost[] {
  const byAddress = new Map(hosts.map(({ address, names }) => [address, names.filter((name) => {
    const now = wanted.get(name)
    return now === undefined || now === address
  })]))
  for (const [name, address] of wanted) {
    if (address === null) continue
    const names = byAddress.get(address) ?? []
    byAddress.set(address, names.includes(name) ? names : [...names, name])
  }
  return [...byAddress].filter(([, names]) => names.length > 0).map(([address, names]) => ({ address, names }))
}

function notIn(hosts: readonly DnsHost[], others: readonly DnsHost[]): DnsHost[] {
  const key = ({ address, names }: DnsHost) => JSON.stringify([address, names])
  const there = new Set(others.map(key))
  return hosts.filter((each) => !there.has(key(each)))
}
