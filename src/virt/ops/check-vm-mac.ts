import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { macOwner } from './mac-owner.js'

/**
 * Refuses a MAC address that a machine has. Every machine's XML is read for that, so it is for addresses that somebody chose;
 * those that follow from a UUID are its own. @throws BayError `exists`
 */
export function refuseTakenMac(connection: Connection, mac: string): void {
  const other = macOwner(connection, mac)
  if (other === undefined) return
  throw new BayError('exists', `the machine ${other} has the MAC address ${mac}`, { hints: ['give another --mac', 'without --mac each machine gets its own'] })
}
