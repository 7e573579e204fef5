import { BayError } from '../../errors.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { readNetwork } from '../../xml/network-description.js'
import { changeNetworkSettings, ownModes, type NetworkSettings } from '../../xml/network-settings.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { storedXml } from './define.js'
import { refuseTaken } from './free-network.js'
import { interruptible } from './interrupt.js'
import { listNetworks } from './list-networks.js'
import { changeRecords, checkRecords } from './network-records.js'
import { connectedMachines, machinesOf } from './network-machines.js'
import { reconnectMachines } from './reconnect-machines.js'
import { Rollback } from './rollback.js'
import { fieldsOf, inForce, withRunning, type NetworkField, type NetworkWanted } from './set-network-fields.js'
import { namingCollision, startNetwork } from './start-network.js'

export interface SetNetwork {
  changed: boolean
  fields: NetworkField[]
  restarted: boolean
  /** the running machines that a restart cuts off, or did for a moment */
  machines: string[]
  reconnected: string[]
  notes: string[]
}

export interface SetNetworkOptions {
  dryRun: boolean
  /** stop and start the network when something needs it, and put the running machines back on it */
  restart: boolean
  report: (step: string) => void
}

/**
 * Changes a network: DHCP ranges and DNS records as it runs and as it is stored at once, all else as it is stored, under the same
 * UUID and with all that is not meant. Nothing has changed when libvirt refuses any part. Whoever calls has its name for itself.
 * @throws UsageError, BayError `wrong-state`, NetworkCollision, VirtError
 */
export async function setNetwork(
  connection: Connection, network: Network, wanted: NetworkWanted, options: SetNetworkOptions,
): Promise<SetNetwork> {
  if (!network.isPersistent()) throw isTransient(network.name())
  const before = storedXml(network) ?? network.xml()
  const root = changed(connection, network, before, wanted)
  const fields = fieldsOf(network, before, root, wanted)
  const waits = fields.some(({ effect }) => effect === 'needs-restart')
  const machines = waits ? connectedMachines(connection, network) : []
  const restarted = waits && options.restart
  const common = { changed: restarted || fields.some((field) => field.changed), restarted, machines, reconnected: [], notes: [] }
  if (options.dryRun) return { ...common, fields: restarted ? inForce(fields) : fields }
  const change = { wanted, before, restarted }
  const { reconnected, notes } = await interruptible((signal) => apply(connection, network, change, options, signal))
  return { ...common, fields: withRunning(network, restarted ? inForce(fields) : fields), reconnected, notes }
}

/** The stored document as it shall be, but for its records. */
function changed(connection: Connection, network: Network, before: string, { settings, records }: NetworkWanted): XmlElement {
  const description = readNetwork(before)
  const { name, mode } = description
  if (!ownModes.some((each) => each === mode)) {
    const asked = [...Object.keys(settings), ...records.dhcp === undefined ? [] : ['dhcp'], ...records.dns.keys()]
    if (asked.some((key) => mode !== 'bridge' || key !== 'isolate-guests')) throw notOurs(name, mode)
  }
  checkRecords(description, records)
  const root = parse(before)
  changeNetworkSettings(root, settings)
  if (settings.bridge !== undefined && settings.bridge !== description.bridge) {
    refuseTaken({ name, subnets: [], bridge: settings.bridge }, listNetworks(connection))
    refuseNamedBridge(connection, network)
  }
  return root
}

interface Change { wanted: NetworkWanted, before: string, restarted: boolean }

async function apply(
  connection: Connection, network: Network, { wanted, before, restarted }: Change, { report }: SetNetworkOptions,
  signal: AbortSignal,
): Promise<{ reconnected: string[], notes: string[] }> {
  const [name, { settings, records, autostart }] = [network.name(), wanted]
  await using rollback = new Rollback(signal)
  await changeRecords(network, records, rollback)
  if (autostart !== undefined && autostart !== network.autostart()) {
    await rollback.step(() => network.setAutostart(autostart), () => ({
      leaves: `the new autostart of the network ${name}`, removeBy: `bay net autostart ${autostart ? '--off ' : ''}${name}`,
      undo: () => network.setAutostart(!autostart),
    }))
  }
  if (restarted) {
    report('stopping it')
    await rollback.step(() => network.stop(), () => ({
      leaves: `the network ${name}, stopped`, removeBy: `bay net start ${name}`,
      undo: async () => { network.start(); await reconnectMachines(connection, network) },
    }))
  }
  await redefine(connection, network, { settings, before }, rollback)
  if (restarted) {
    report('starting it')
    await rollback.step(() => startNetwork(network), () => ({
      leaves: `the network ${name}, with its new settings`, removeBy: `bay net show ${name}`, undo: () => network.stop(),
    }))
  }
  rollback.keep()
  return restarted ? await reconnectMachines(connection, network) : { reconnected: [], notes: [] }
}

/** The records may have changed in the stored document meanwhile, so it is read anew. */
async function redefine(
  connection: Connection, network: Network, { settings, before }: { settings: NetworkSettings, before: string }, rollback: Rollback,
): Promise<void> {
  const now = storedXml(network) ?? before
  const root = parse(now)
  const asRead = serialize(root)
  changeNetworkSettings(root, settings)
  const xml = serialize(root)
  if (xml === asRead) return
  await rollback.step(() => { namingCollision(() => connection.defineNetwork(xml))[Symbol.dispose]() }, () => ({
    leaves: `new settings of the network ${network.name()}`, removeBy: `bay net show ${network.name()}`,
    undo: () => { connection.defineNetwork(now)[Symbol.dispose]() },
  }))
}

/** A machine that names the bridge itself would look for the old one. */
function refuseNamedBridge(connection: Connection, network: Network): void {
  const named = machinesOf(connection, network).filter(({ byBridge }) => byBridge).map(({ name }) => name)
  if (named.length === 0) return
  throw new BayError('wrong-state', `machines name the bridge of the network ${network.name()} itself: ${named.join(', ')}`, {
    hints: [`give them an interface on the network instead: bay vm attach nic ${named[0]} --network ${network.name()}`],
  })
}

function isTransient(name: string): BayError {
  return new BayError('wrong-state', `the network ${name} is transient: nothing of it is stored that could be changed`, {
    hints: [`bay net xml ${name} | bay net define - stores it as it runs`],
  })
}

function notOurs(name: string, mode: string): BayError {
  return new BayError('wrong-state', `the network ${name} is one of mode ${mode}: addresses, names and sizes are not its own`, {
    hints: ['autostart can be set, and for mode bridge isolate-guests', `all else: bay net xml ${name} and bay net define`],
  })
}
