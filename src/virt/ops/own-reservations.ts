import type { DomainDescription } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { isReserved, readSides, type Reservation } from './reserve-address.js'

/**
 * The reservations that go with a machine: made for it, as its metadata says, and still for a card of its own. One that somebody
 * else made for such a card stays: it may be meant for the next machine that has it.
 */
export function ownReservations(connection: Connection, { metadata, nics }: Pick<DomainDescription, 'metadata' | 'nics'>): Reservation[] {
  const [, name = '', ip = ''] = /^(.+)\/([^/]+)$/.exec(metadata?.['reserved'] ?? '') ?? []
  if (ip === '') return []
  const found = unlessGone(() => {
    using network = connection.network(name)
    const sides = readSides(network)
    const macs = nics.flatMap(({ mac }) => mac?.toLowerCase() ?? [])
    return macs.map((mac) => ({ network: name, networkUuid: network.uuid(), mac, ip })).filter((each) => isReserved(sides, each))
  }, failure.noNetwork)
  return found ?? []
}
