import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { connectedMachines, machinesOf, type MachineOfNetwork } from './network-machines.js'
import { reconnectMachines } from './reconnect-machines.js'
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

/**
 * Stops a network and removes its definition; when that fails it runs again.
 * @throws BayError wrong-state, which names the machines that use it, running or not
 */
export async function deleteNetwork(connection: Connection, network: Network, options: RemoveOptions): Promise<StoppedNetwork> {
  const users = machinesOf(connection, network)
  if (users.length > 0 && !options.force) throw inUse(network.name(), users)
  const active = network.isActive()
  const disconnected = active ? users.filter(({ running }) => running).map((machine) => machine.name) : []
  if (options.dryRun) return { changed: true, said: 'would be deleted', disconnected }
  const [name, persistent] = [network.name(), network.isPersistent()]
  await using rollback = new Rollback()
  if (active) {
    await rollback.step(() => network.stop(), () => ({
      leaves: `the network ${name}, stopped`, removeBy: sh`bay net start ${name}`,
      undo: async () => {
        if (!persistent) return
        network.start()
        await reconnectMachines(connection, network)
      },
    }))
  }
  if (persistent) network.undefine()
  rollback.keep()
  return { changed: true, said: 'deleted', disconnected }
}

function mayDisconnect(connection: Connection, network: Network, { force }: RemoveOptions): string[] {
  const machines = connectedMachines(connection, network)
  if (machines.length === 0 || force) return machines
  throw new BayError('wrong-state', connectedTo(network.name(), machines), {
    hints: [sh`stop them first: bay vm stop ${machines}`, '--force cuts them off'],
  })
}

function inUse(network: string, users: readonly MachineOfNetwork[]): BayError {
  const [running, off] = [true, false].map((on) => users.filter((machine) => machine.running === on).map(({ name }) => name))
  const parts = [
    ...running && running.length > 0 ? [connectedTo(network, running)] : [],
    ...off && off.length > 0 ? [`machines that are off ${running?.length ? 'need it too' : `need the network ${network}`}: ${off.join(', ')}`] : [],
  ]
  return new BayError('wrong-state', parts.join('; '), {
    hints: [sh`give them another network first: bay vm show ${users[0]?.name ?? ''}`, '--force deletes it all the same: those that run are cut off, and none can start'],
  })
}

function connectedTo(network: string, machines: readonly string[]): string {
  return `running machines are connected to the network ${network}: ${machines.join(', ')}`
}
