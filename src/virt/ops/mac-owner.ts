import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { readMachines } from './machine-xml.js'

/** The machine that has this MAC address, given in lower case, as it runs or as it will start; reads every machine's XML. */
export function macOwner(connection: Connection, mac: string): string | undefined {
  const has = (xml: string) => xml.toLowerCase().includes(mac) && readDomain(xml).nics.some((nic) => nic.mac?.toLowerCase() === mac)
  return readMachines(connection, { running: false }).find(({ xmls }) => xmls.some(has))?.name
}
