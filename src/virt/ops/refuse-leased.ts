import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { activeLeases } from './leases-by-mac.js'
import { macOwner } from './mac-owner.js'
import type { Reservation } from './reserve-address.js'

/**
 * dnsmasq gives a reserved address to nobody while another card has a lease of it. `told` is for a guest that sets its address by
 * itself: what nobody has any more is then a note. @returns notes @throws BayError `exists`
 */
export function refuseLeased(
  connection: Connection, { network, ip: address, mac }: Reservation, { told }: { told: boolean },
): string[] {
  const lease = [...activeLeases(connection).values()].flat().find((each) => each.network === network && each.address === address)
  const holder = lease?.mac?.toLowerCase()
  if (!lease || holder === undefined || holder === mac) return []
  const machine = macOwner(connection, holder)
  const until = lease.expires === 0 ? 'for ever' : `until ${new Date(lease.expires * 1000).toISOString()}`
  const whom = machine === undefined ? holder : `the machine ${machine} (${holder})`
  const what = `the network ${network} has leased ${address} to ${whom} ${until}`
  if (machine === undefined && told) return [`${what}; no machine has that card any more`]
  throw new BayError('exists', what, {
    hints: [sh`another address: bay net leases ${network}`, ...machine === undefined ? [`--mac ${holder} takes the lease over: no machine has that card`] : []],
  })
}
