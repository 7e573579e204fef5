import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { isReserved, readSides, releaseAddress, type Reservation } from './reserve-address.js'
import type { Undoing } from './undo-kind.js'

/** Found by the network's UUID, the card and the address: the card's is its machine's own, so nobody else's can be meant. */
export const madeReservation: Undoing<Reservation> = {
  fields: ['network', 'networkUuid', 'mac', 'ip'],
  leaves: ({ network, mac, ip }) => `the reservation of ${ip} for ${mac} in the network ${network}`,
  removeBy: ({ network, mac, ip }) => `virsh net-update ${network} delete ip-dhcp-host "<host mac='${mac}' ip='${ip}'/>" --live --config`,
  isThere: (connection, made) => find(connection, made) ?? false,
  undo: (connection, made) => { releaseAddress(connection, made) },
}

/** null when the network is gone. */
function find(connection: Connection, made: Reservation): boolean | null {
  return unlessGone(() => {
    using network = connection.networkByUuid(made.networkUuid)
    return isReserved(readSides(network), made)
  }, failure.noNetwork)
}
