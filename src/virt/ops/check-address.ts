import ipaddr from 'ipaddr.js'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { SubnetDescription } from '../../xml/network-description.js'
import { showSubnet, subnetAround, subnetHolding } from './network-subnet.js'
import type { NewAddress } from './new-vm.js'

export interface SubnetPlace extends SubnetDescription { prefix: number }

/**
 * The subnet of a network that an address is in, as one that a guest may have. libvirt reserves any address without a word.
 * `said` is how the user gave it.
 * @throws UsageError that names the network, the address and what it has instead
 */
export function placeIn(
  network: string, subnets: readonly SubnetDescription[], { address, prefix }: NewAddress, said = `--ip ${address}`,
): SubnetPlace {
  const place = subnetHolding(subnets, address)
  if (!place || place.prefix === null) throw outside(network, subnets, said)
  const cidr = `${place.address}/${place.prefix}`
  const wrong = (what: string) => new UsageError(`${said} is ${what} of the network ${network}`, `another address in ${range(place)}`)
  if (address === place.address) throw wrong('the gateway')
  if (place.prefix < 31 && address === ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()) throw wrong('the subnet\'s own address, not a guest\'s,')
  if (place.prefix < 31 && address === ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString()) throw wrong('the broadcast address')
  if (prefix !== undefined && prefix !== place.prefix) {
    throw new UsageError(`--ip ${address}/${prefix}: the prefix of the network ${network} is ${place.prefix}`, `--ip ${address}/${place.prefix}`)
  }
  return { ...place, prefix: place.prefix }
}

/** A reservation of the network's that is in the way. @throws BayError `exists` */
export function refuseReserved(
  network: string, subnets: readonly SubnetDescription[], { ip: address, mac }: { ip: string, mac: string },
  ownerOf: (mac: string) => string | undefined, otherwise = (ip: string) => [`--ip ${ip}`, 'another --mac'],
): void {
  for (const { mac: holder, ip, name } of subnets.flatMap(({ reservations }) => reservations)) {
    const own = holder?.toLowerCase() === mac
    if (own === (ip === address)) continue
    const machine = holder === null ? undefined : ownerOf(holder.toLowerCase())
    const whom = machine === undefined ? holder ?? name ?? 'somebody' : `the machine ${machine} (${holder})`
    throw new BayError('exists', own
      ? `the network ${network} reserves ${ip} for ${mac}, so it cannot give it ${address}`
      : `the network ${network} has reserved ${address} for ${whom}`, {
      hints: own ? otherwise(ip) : [sh`another address: bay net show ${network} tells which are reserved`],
    })
  }
}

function outside(network: string, subnets: readonly SubnetDescription[], said: string): UsageError {
  const ranges = subnets.filter(({ family }) => family === 'ipv4').flatMap((subnet) => range(subnet) ?? [])
  return ranges.length === 0
    ? new UsageError(`${said}: the network ${network} has no IPv4 subnet of its own`, 'on it only the guest itself can be told, by the cloud-init of its image: --ip A/24')
    : new UsageError(`${said} is not in the network ${network}`, `an address in ${ranges.join(' or ')}`)
}

function range({ address, prefix }: SubnetDescription): string | undefined {
  const subnet = subnetAround(address, prefix)
  return subnet === null ? undefined : showSubnet(subnet)
}
