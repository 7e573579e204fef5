import { BayError } from '../../errors.js'
import { readDomain } from '../../xml/domain-description.js'
import { readNetwork } from '../../xml/network-description.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { readMachines } from './machine-xml.js'
import { Rollback } from './rollback.js'

export interface StoppedNetwork {
  changed: boolean
  said: string
  /** the running machines that lost it */
  disconnected: string[]
}

export interface RemoveOptions {
  dryRun: boolean
  /** goes on though running machines are connected */
  force: boolean
}

/** Stops a network. @throws BayError wrong-state, which names the running machines that are connected */
export function stopNetwork(connection: Connection, network: Network, options: RemoveOptions): StoppedNetwork {
  if (!network.isActive()) return { changed: false, said: 'already stopped', disconnected: [] }
  const disconnected = mayDisconnect(connection, network, options)
  if (options.dryRun) return { changed: true, said: 'would be stopped', disconnected }
  const persistent = network.isPersistent()
  network.stop()
  return { changed: true, said: persistent ? 'stopped' : 'stopped, and gone, for it had no definition', disconnected }
}

/** Stops a network and removes its definition; when that fails it runs again. @throws as stopNetwork */
export async function deleteNetwork(connection: Connection, network: Network, options: RemoveOptions): Promise<StoppedNetwork> {
  const active = network.isActive()
  const disconnected = active ? mayDisconnect(connection, network, options) : []
  if (options.dryRun) return { changed: true, said: 'would be deleted', disconnected }
  const [name, persistent] = [network.name(), network.isPersistent()]
  await using rollback = new Rollback()
  if (active) {
    await rollback.step(() => network.stop(), () => ({
      leaves: `the network ${name}, stopped`, removeBy: `bay net start ${name}`, undo: () => { if (persistent) network.start() },
    }))
  }
  if (persistent) network.undefine()
  rollback.keep()
  return { changed: true, said: 'deleted', disconnected }
}

/** The running machines with an interface on the network, or right on its bridge. */
function connectedMachines(connection: Connection, network: Network): string[] {
  const { name, bridge } = readNetwork(network.xml())
  const onIt = (xml: string) => readDomain(xml).nics.some(({ type, source }) => source !== null
    && (type === 'network' ? source === name : type === 'bridge' && source === bridge))
  return readMachines(connection, { running: true }).filter(({ xmls: [live = ''] }) => onIt(live)).map((machine) => machine.name)
}

function mayDisconnect(connection: Connection, network: Network, { force }: RemoveOptions): string[] {
  const machines = connectedMachines(connection, network)
  if (machines.length === 0 || force) return machines
  throw new BayError('wrong-state', `running machines are connected to the network ${network.name()}: ${machines.join(', ')}`, {
    hints: [`stop them first: bay vm stop ${machines.join(' ')}`, '--force cuts them off'],
  })
}
