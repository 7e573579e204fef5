import { BayError } from '../../errors.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { readMachines } from './machine-xml.js'

/**
 * Refuses a MAC address that a machine has, as it runs or as it will start. Every machine's XML is read for that, so it is for
 * addresses that somebody chose; those that follow from a UUID are its own. @throws BayError `exists`
 */
export function refuseTakenMac(connection: Connection, mac: string): void {
  const has = (xml: string) => xml.toLowerCase().includes(mac) && readDomain(xml).nics.some((nic) => nic.mac?.toLowerCase() === mac)
  const other = readMachines(connection, { running: false }).find(({ xmls }) => xmls.some(has))
  if (!other) return
  throw new BayError('exists', `the machine ${other.name} has the MAC address ${mac}`, { hints: ['give another --mac', 'without --mac each machine gets its own'] })
}
