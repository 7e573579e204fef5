import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { listNetworks } from './list-networks.js'
import { readMachines } from './machine-xml.js'

/** libvirt's networks by the bridge that each has made; not those that only use a bridge of the host. */
export function bridgeOwners(connection: Connection): Map<string, string> {
  const made = listNetworks(connection).filter(({ mode }) => mode !== 'bridge')
  return new Map(made.flatMap(({ name, bridge }) => bridge === null ? [] : [[bridge, name]]))
}

/** Who would miss a bridge: networks, and machines, stored or running, with a card right on it. */
export function bridgeUsers(connection: Connection, bridge: string): { networks: string[], machines: string[] } {
  const networks = listNetworks(connection).filter((network) => network.bridge === bridge).map(({ name }) => name)
  const isOnIt = (xml: string): boolean => readDomain(xml).nics.some(({ type, source }) => type === 'bridge' && source === bridge)
  const machines = readMachines(connection, { running: false }).filter(({ xmls }) => xmls.some(isOnIt)).map(({ name }) => name)
  return { networks, machines }
}

/** The running machine whose card has this device of the host's, if there is one. */
export function machineOfTap(connection: Connection, device: string): string | undefined {
  return readMachines(connection, { running: true })
    .find(({ xmls: [live = ''] }) => readDomain(live).nics.some(({ tap }) => tap === device))?.name
}
