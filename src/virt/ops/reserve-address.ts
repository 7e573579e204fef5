import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readNetwork, type NetworkDescription, type ReservationDescription } from '../../xml/network-description.js'
import { reservationElement } from '../../xml/network.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { networkAffect, networkSection, networkUpdate } from '../flags.js'
import type { Network } from '../network.js'
import { storedXml } from './define.js'
import { subnetHolding } from './network-subnet.js'

/** An address that a network's DHCP server keeps for one card. */
export interface Reservation {
  network: string
  networkUuid: string
  /** in lower case */
  mac: string
  ip: string
}

/** A network as it runs and as it is stored; it may be one of them only. */
export interface NetworkSides { live: NetworkDescription | null, stored: NetworkDescription | null }

export function readSides(network: Network): NetworkSides {
  const stored = network.isPersistent() ? storedXml(network) : null
  return { live: network.isActive() ? readNetwork(network.xml()) : null, stored: stored === null ? null : readNetwork(stored) }
}

/**
 * Reserves an address in the network as it runs and as it is stored, in one call; `name` is the guest's for the network's DNS.
 * libvirt takes any address, the gateway's and other networks' too: whoever calls has checked it.
 * @throws BayError `exists` when the card, the address or the name is reserved already
 */
export function reserveAddress(connection: Connection, reservation: Reservation, hostname?: string): void {
  const { network: name, networkUuid, mac, ip } = reservation
  using network = connection.networkByUuid(networkUuid)
  const { live, stored } = readSides(network)
  const sides = [live, stored].flatMap((side) => side ?? [])
  const [subnet = -1, ...others] = sides.map(({ subnets }) => subnets.findIndex((each) => subnetHolding([each], ip)))
  if (subnet < 0 || others.some((other) => other !== subnet)) {
    throw new BayError('wrong-state', `the network ${name} does not run as it is stored, so ${ip} cannot be reserved`, {
      hints: [sh`bay net stop ${name}`, sh`bay net start ${name}`],
    })
  }
  const where = (live ? networkAffect.live : 0) | (stored ? networkAffect.config : 0)
  const host = serialize(reservationElement({ mac, ip, name: hostname }))
  try {
    network.update({ ...hosts, command: networkUpdate.addLast, subnet }, host, where)
  } catch (error) {
    throw error instanceof VirtError && /existing dhcp host entry/.test(error.message) ? isTaken(error, reservation) : error
  }
}

/** Frees the address again, wherever it is reserved for that card; nothing when it is not. */
export function releaseAddress(connection: Connection, reservation: Reservation): void {
  using network = connection.networkByUuid(reservation.networkUuid)
  release(network, (each) => isSame(each, reservation))
}

/** Frees the addresses that `which` picks, as the network runs and as it is stored; gives back those that there were, each once. */
export function release(network: Network, which: (reservation: ReservationDescription) => boolean): ReservationDescription[] {
  const { live, stored } = readSides(network)
  const released = new Map<string, ReservationDescription>()
  for (const [side, where] of [[live, networkAffect.live], [stored, networkAffect.config]] as const) {
    for (const [subnet, { reservations }] of side?.subnets.entries() ?? []) {
      for (const each of reservations.filter(which)) {
        // libvirt finds the one to remove by all that is given; IPv6 has no MAC.
        const by = each.mac === null ? { name: each.name ?? undefined } : { mac: each.mac }
        const host = serialize(reservationElement({ ...by, ip: each.ip }))
        network.update({ ...hosts, command: networkUpdate.delete, subnet }, host, where)
        released.set(`${each.mac} ${each.ip}`, each)
      }
    }
  }
  return [...released.values()]
}

const hosts = { section: networkSection.dhcpHost }

/** Whether the network, as it runs or as it is stored, reserves that address for that card. */
export function isReserved({ live, stored }: NetworkSides, reservation: Pick<Reservation, 'mac' | 'ip'>): boolean {
  const subnets = [live, stored].flatMap((side) => side?.subnets ?? [])
  return subnets.some(({ reservations }) => reservations.some((each) => isSame(each, reservation)))
}

/** A name by which the network's DNS may know a guest; none when it has it already, for libvirt takes no name twice. */
export function freeHostname({ live, stored }: NetworkSides, hostname: string): string | undefined {
  const wanted = hostname.toLowerCase()
  const reservations = [live, stored].flatMap((side) => side?.subnets ?? []).flatMap((subnet) => subnet.reservations)
  return reservations.some((each) => each.name?.toLowerCase() === wanted) ? undefined : wanted
}

function isSame(one: { mac: string | null, ip: string }, { mac, ip }: Pick<Reservation, 'mac' | 'ip'>): boolean {
  return one.mac?.toLowerCase() === mac && one.ip === ip
}

/** libvirt refuses a second one with the same card, address or name; another run has just been faster. */
function isTaken(refusal: VirtError, { network, mac, ip }: Reservation): VirtError {
  const message = `the network ${network} has a reservation of ${ip}, for ${mac} or of that name already`
  return Object.assign(refusal.restated(message, [sh`bay net show ${network}`]), { code: 'exists' as const })
}
