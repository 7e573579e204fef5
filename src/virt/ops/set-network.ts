import { randomUUID } from 'node:crypto'
import { BayError, UsageError } from '../../errors.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { changeNetworkAddresses } from '../../xml/network-addresses.js'
import { readNetwork, readNetworkElement, type NetworkDescription } from '../../xml/network-description.js'
import { changeNetworkSettings, ownModes } from '../../xml/network-settings.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { storedXml } from './define.js'
import { refuseTaken, whatIsTaken } from './free-network.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { listNetworks } from './list-networks.js'
import { changeRecords, checkRecords, type NetworkRecords } from './network-records.js'
import { connectedMachines, machinesOf } from './network-machines.js'
import { reconnectIfCutOff } from './reconnect-machines.js'
import { reconnect } from './reconnect-network.js'
import { Rollback } from './rollback.js'
import { planAddresses } from './set-network-addresses.js'
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
  connection: Connection, network: Network, asked: NetworkWanted, options: SetNetworkOptions,
): Promise<SetNetwork> {
  if (!network.isPersistent()) throw isTransient(network.name())
  const before = storedXml(network) ?? network.xml()
  const { root, edit, records, notes: known } = plan(connection, network, before, asked)
  const wanted = { ...asked, records }
  const fields = fieldsOf(network, before, root, wanted)
  const waits = fields.some(({ effect }) => effect === 'needs-restart')
  const machines = waits ? connectedMachines(connection, network) : []
  const restarted = waits && options.restart
  const common = { changed: restarted || fields.some((field) => field.changed), restarted, machines, reconnected: [], notes: known }
  if (options.dryRun) return { ...common, fields: restarted ? inForce(fields) : fields }
  const change = { records, edit, autostart: asked.autostart, before, restarted }
  const done = await interruptible((signal) => apply(connection, network, change, options, signal))
  // What a run that was killed left.
  const { reconnected, notes } = (options.restart && !restarted && await reconnectIfCutOff(connection, network)) || done
  const moved = fields.some(({ field, effect }) => effect !== null && ['subnet', 'ipv6'].includes(field))
  const stale = restarted && moved && reconnected.length > 0 ? [sh`running guests keep their old addresses until they ask again: bay vm reboot ${reconnected}`] : []
  return {
    ...common, changed: common.changed || reconnected.length > 0, reconnected,
    fields: withRunning(network, restarted ? inForce(fields) : fields), notes: [...known, ...notes, ...stale],
  }
}

interface Planned {
  /** the stored document as it shall be, but for its records */
  root: XmlElement
  edit: (root: XmlElement) => void
  /** those that change at once: the range of a new subnet comes with that */
  records: NetworkRecords
  notes: string[]
}

function plan(connection: Connection, network: Network, before: string, wanted: NetworkWanted): Planned {
  const { settings, subnets } = wanted
  const description = readNetwork(before)
  refuseNotOurs(description, wanted)
  const moves = subnets.subnet !== undefined || subnets.ipv6 !== undefined
  const { addresses, notes } = moves
    ? planAddresses(description, subnets, wanted.records.dhcp, whatIsTaken(connection))
    : { addresses: {}, notes: [] }
  const records = addresses.ipv4 ? { ...wanted.records, dhcp: undefined } : wanted.records
  checkRecords(description, records)
  const edit = (root: XmlElement) => {
    changeNetworkAddresses(root, addresses)
    changeNetworkSettings(root, settings)
  }
  const root = parse(before)
  edit(root)
  refuseSmall(readNetworkElement(root), wanted)
  if (settings.bridge !== undefined && settings.bridge !== description.bridge) {
    refuseTaken({ name: description.name, subnets: [], bridge: settings.bridge }, listNetworks(connection))
    refuseNamedBridge(connection, network)
  }
  return { root, edit, records, notes }
}

function refuseNotOurs({ name, mode }: NetworkDescription, { settings, subnets, records }: NetworkWanted): void {
  if (ownModes.some((each) => each === mode)) return
  const asked = [...Object.keys(settings), ...Object.keys(subnets), ...records.dhcp === undefined ? [] : ['dhcp'], ...records.dns.keys()]
  if (asked.some((key) => mode !== 'bridge' || key !== 'isolate-guests')) throw notOurs(name, mode)
}

/** The kernel has no IPv6 on a device of smaller packets. */
function refuseSmall({ mtu, subnets }: NetworkDescription, { settings, subnets: { ipv6 } }: NetworkWanted): void {
  if (mtu === null || mtu >= 1280 || (!settings.mtu && !ipv6) || !subnets.some(({ family }) => family === 'ipv6')) return
  throw new UsageError(`mtu=${mtu} is too small for IPv6`, 'it needs 1280 at least')
}

interface Change extends Pick<Planned, 'records' | 'edit'> { autostart: boolean | undefined, before: string, restarted: boolean }

async function apply(
  connection: Connection, network: Network, { records, edit, autostart, before, restarted }: Change, { report }: SetNetworkOptions,
  signal: AbortSignal,
): Promise<{ reconnected: string[], notes: string[] }> {
  const [name, park] = [network.name(), randomUUID()]
  using journal = restarted ? journalFor(connection, { command: 'net set', name }) : undefined
  await using rollback = new Rollback(signal, journal)
  await changeRecords(network, records, rollback)
  if (autostart !== undefined && autostart !== network.autostart()) {
    await rollback.step(() => network.setAutostart(autostart), () => ({
      leaves: `the new autostart of the network ${name}`, removeBy: sh`bay net autostart ${{ flags: autostart ? ['--off'] : [] }} ${name}`,
      undo: () => network.setAutostart(!autostart),
    }))
  }
  if (restarted) {
    report('stopping it')
    await rollback.make(connection, { kind: 'network-cut', uuid: network.uuid(), name, park }, () => network.stop())
  }
  await redefine(connection, network, { edit, before }, rollback)
  if (restarted) {
    report('starting it')
    await rollback.step(() => startNetwork(network), () => ({
      leaves: `the network ${name}, with its new settings`, removeBy: sh`bay net show ${name}`, undo: () => network.stop(),
    }))
  }
  const result = restarted ? await reconnect(connection, network, park) : null
  rollback.keep()
  return result ?? { reconnected: [], notes: [] }
}

/** The records may have changed in the stored document meanwhile, so it is read anew. */
async function redefine(
  connection: Connection, network: Network, { edit, before }: Pick<Change, 'edit' | 'before'>, rollback: Rollback,
): Promise<void> {
  const now = storedXml(network) ?? before
  const root = parse(now)
  const asRead = serialize(root)
  edit(root)
  const xml = serialize(root)
  if (xml === asRead) return
  await rollback.step(() => { namingCollision(() => connection.defineNetwork(xml))[Symbol.dispose]() }, () => ({
    leaves: `new settings of the network ${network.name()}`, removeBy: sh`bay net show ${network.name()}`,
    undo: () => { connection.defineNetwork(now)[Symbol.dispose]() },
  }))
}

/** A machine that names the bridge itself would look for the old one. */
function refuseNamedBridge(connection: Connection, network: Network): void {
  const named = machinesOf(connection, network).filter(({ byBridge }) => byBridge).map(({ name }) => name)
  if (named.length === 0) return
  throw new BayError('wrong-state', `machines name the bridge of the network ${network.name()} itself: ${named.join(', ')}`, {
    hints: [sh`give them an interface on the network instead: bay vm attach nic --network=${network.name()} ${named[0] ?? ''}`],
  })
}

function isTransient(name: string): BayError {
  return new BayError('wrong-state', `the network ${name} is transient: nothing of it is stored that could be changed`, {
    hints: [sh`bay net xml ${name} | bay net define -  # stores it as it runs`],
  })
}

function notOurs(name: string, mode: string): BayError {
  return new BayError('wrong-state', `the network ${name} is one of mode ${mode}: addresses, names and sizes are not its own`, {
    hints: ['autostart can be set, and for mode bridge isolate-guests', sh`all else: bay net xml ${name} and bay net define`],
  })
}
