import { BayError, UsageError } from '../../errors.js'
import { hostnameFor } from '../../provision/cloud-init/files.js'
import type { GuestNetwork } from '../../provision/cloud-init/spec.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { placeIn, refuseReserved, type SubnetPlace } from './check-address.js'
import { existing } from './define.js'
import { readMachines } from './machine-xml.js'
import { macOwner } from './mac-owner.js'
import type { NewAddress, NewNic, NewVm } from './new-vm.js'
import { refuseLeased } from './refuse-leased.js'
import { freeHostname, isReserved, readSides, type Reservation } from './reserve-address.js'

/** How a new machine's first interface gets the address that was asked for. */
export interface PlannedAddress {
  /** in the network's DHCP server; null where there is none, or when it is there already */
  reservation: Reservation & { hostname?: string } | null
  /** what cloud-init sets; null when it is not asked */
  guest: GuestNetwork | null
  notes: string[]
}

/**
 * Decides how an address is given, and looks whether it is free. A network with a DHCP server reserves it, and the guest asks;
 * with a prefix, a gateway or a name server the guest is told, so that it takes no lease. Only looks.
 * @throws UsageError, BayError `exists`
 */
export function planAddress(connection: Connection, request: NewVm, mac: string): PlannedAddress | undefined {
  const [nic] = request.nics
  const wanted = nic?.address
  if (!nic || !wanted) return undefined
  if (nic.kind === 'user') throw new UsageError('--ip: QEMU\'s own network gives every guest the same address', '--network NET')
  if (nic.kind === 'bridge') return toldOnly(connection, request, { nic, wanted, mac })
  using network = existing({ find: (name) => connection.network(name) }, nic.source ?? '')
  // checkNics says so.
  if (!network) return undefined
  const sides = readSides(network)
  const now = sides.live ?? sides.stored
  if (!now || now.subnets.length === 0) return toldOnly(connection, request, { nic, wanted, mac })
  const place = placeIn(now.name, now.subnets, wanted)
  const guest = request.guest && isTold(wanted) ? guestNetwork(mac, place.prefix, wanted, fromNetwork(place, now)) : null
  if (place.dhcp.length === 0 && place.reservations.length === 0) return withoutServer(connection, { nic, wanted, place, guest })
  const reservation = { network: now.name, networkUuid: network.uuid(), mac, ip: wanted.address }
  for (const side of [sides.live, sides.stored]) {
    refuseReserved(now.name, side?.subnets ?? [], reservation, (other) => macOwner(connection, other))
  }
  const hostname = () => freeHostname(sides, request.guest?.hostname ?? hostnameFor(request.name))
  return {
    reservation: isReserved(sides, reservation) ? null : { ...reservation, hostname: hostname() }, guest,
    notes: [...refuseLeased(connection, reservation, { told: guest !== null }), ...guest ? [takesNoLease] : []],
  }
}

const takesNoLease = 'the guest sets its address by itself and takes no lease: --wait agent sees it, --wait ip does not'

function isTold({ prefix, gateway, dns }: NewAddress): boolean {
  return prefix !== undefined || gateway !== undefined || dns !== undefined
}

/**
 * What the machine's metadata keeps of it: which reservation goes when it goes, and the address of a guest that takes no lease.
 */
export function addressMarks({ reservation, guest }: PlannedAddress): { reserved?: string, address?: string } {
  const address = guest?.nics[0]?.addresses[0]
  return { ...reservation && { reserved: `${reservation.network}/${reservation.ip}` }, ...address !== undefined && { address } }
}

interface Place { nic: NewNic, wanted: NewAddress, mac: string }

/** Where no network of libvirt's has addresses: only the guest itself can be told, and all of it. */
function toldOnly(connection: Connection, { guest }: NewVm, { nic, wanted, mac }: Place): PlannedAddress {
  const { address, prefix } = wanted
  const where = placeName(nic)
  if (!guest) throw new UsageError(`--ip ${address}: libvirt gives out no addresses on ${where}`, `with an image whose cloud-init sets it: --image FILE --ip ${address}/24`)
  if (prefix === undefined) throw new UsageError(`--ip ${address}: on ${where} the guest must be told its prefix`, `write --ip ${address}/24`)
  refuseTold(connection, nic, address)
  const notes = wanted.gateway === undefined ? [`without --gateway the guest reaches only its own subnet of ${where}`] : []
  return { reservation: null, guest: guestNetwork(mac, prefix, wanted, {}), notes }
}

/** A subnet whose addresses nobody gives out. */
function withoutServer(
  connection: Connection, { nic, wanted: { address }, place, guest }: Omit<Place, 'mac'> & { place: SubnetPlace, guest: GuestNetwork | null },
): PlannedAddress {
  if (!guest) {
    throw new UsageError(`--ip ${address}: ${placeName(nic)} has no DHCP server that could give it to the guest`, `with an image whose cloud-init sets it: --image FILE --ip ${address}/${place.prefix}`)
  }
  refuseTold(connection, nic, address)
  return { reservation: null, guest, notes: [takesNoLease] }
}

function placeName({ kind, source }: NewNic): string {
  return kind === 'bridge' ? `the bridge ${source}` : `the network ${source}`
}

type Ways = Pick<NewAddress, 'gateway' | 'dns'> & { search?: string[] }

/** A network without a way out has no gateway, as its DHCP server says too. */
function fromNetwork({ address }: SubnetPlace, { mode, dns, domain }: { mode: string, dns: boolean, domain: string | null }): Ways {
  return { gateway: mode === 'isolated' ? undefined : address, dns: dns ? [address] : undefined, search: domain === null ? undefined : [domain] }
}

function guestNetwork(mac: string, prefix: number, { address, gateway, dns }: NewAddress, ways: Ways): GuestNetwork {
  return { nics: [{ mac, addresses: [`${address}/${prefix}`], gateway4: gateway ?? ways.gateway, dns: dns ?? ways.dns, search: ways.search }] }
}

/** Addresses that no DHCP server knows of stand in the metadata of the machines that were given them. @throws BayError `exists` */
function refuseTold(connection: Connection, nic: NewNic, address: string): void {
  const { kind, source } = nic
  const other = readMachines(connection, { running: false }).find(({ xmls }) => xmls.some((xml) => {
    if (!xml.includes(address)) return false
    const { metadata, nics: [first] } = readDomain(xml)
    return metadata?.['address']?.split('/')[0] === address && first?.type === kind && first.source === source
  }))
  if (other) throw new BayError('exists', `the machine ${other.name} has the address ${address} on ${placeName(nic)}`, { hints: ['another --ip'] })
}
