import { readDomain } from '../../xml/domain-description.js'
import { readNetwork } from '../../xml/network-description.js'
import { ownModes } from '../../xml/network-settings.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { readMachines } from './machine-xml.js'

/** A machine with an interface on a network, as it runs or as it will start. */
export interface MachineOfNetwork {
  name: string
  /** whether it is on it as it runs */
  running: boolean
  /** whether it names the network's bridge and not the network */
  byBridge: boolean
}

/** The machines that a network is for. A bridge of the host's own is there without the network. */
export function machinesOf(connection: Connection, network: Network, which = { running: false }): MachineOfNetwork[] {
  const { name, bridge, mode } = readNetwork(network.xml())
  const own = ownModes.some((each) => each === mode) ? bridge : null
  const uses = (xml: string, wanted: 'network' | 'bridge') => readDomain(xml).nics
    .some(({ type, source }) => source !== null && type === wanted && source === (wanted === 'network' ? name : own))
  return readMachines(connection, which).flatMap((machine) => {
    const on = machine.xmls.map((xml) => ({ network: uses(xml, 'network'), bridge: uses(xml, 'bridge') }))
    const either = on.map((each) => each.network || each.bridge)
    if (!either.includes(true)) return []
    return [{ name: machine.name, running: machine.running && either[0] === true, byBridge: on.some((each) => each.bridge) }]
  })
}

/** The running machines with an interface on the network, or right on its bridge. */
export function connectedMachines(connection: Connection, network: Network): string[] {
  return machinesOf(connection, network, { running: true }).filter(({ running }) => running).map(({ name }) => name)
}
