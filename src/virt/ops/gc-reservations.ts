import type { Connection } from '../connection.js'
import type { GarbageItem } from './gc-item.js'
import type { MachinesUse } from './gc-machines.js'
import { readSides, releaseAddress, type Reservation } from './reserve-address.js'

/** The addresses that networks keep for cards, each once. */
export function readReservations(connection: Connection): Reservation[] {
  using networks = connection.networks()
  return networks.flatMap((network) => {
    const { live, stored } = readSides(network)
    const [name, networkUuid] = [network.name(), network.uuid()]
    const hosts = [live, stored].flatMap((side) => side?.subnets ?? []).flatMap(({ reservations }) => reservations)
    const found = hosts.flatMap(({ mac, ip }) => mac === null ? [] : { network: name, networkUuid, mac: mac.toLowerCase(), ip })
    return [...new Map(found.map((each) => [`${each.mac} ${each.ip}`, each])).values()]
  })
}

/** Those for cards that no machine has. Somebody may have made one for a machine that is yet to come, or is none of libvirt's. */
export function garbageReservations(reservations: readonly Reservation[], use: Pick<MachinesUse, 'macs'>): GarbageItem[] {
  return reservations.filter(({ mac }) => !use.macs.has(mac)).map((reservation) => ({
    kind: 'reservation', name: `${reservation.network}/${reservation.ip}`, pool: null, path: null, size: null, modified: null,
    reason: `no machine has the card ${reservation.mac}`, locks: [], after: [],
    remove: (connection) => { releaseAddress(connection, reservation) },
  }))
}
