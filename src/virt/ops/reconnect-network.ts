import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { networkElement } from '../../xml/network.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children, remove } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { affect, domainXml } from '../flags.js'
import type { Network } from '../network.js'
import { freeBridge, whatIsTaken } from './free-network.js'
import { unlessGone } from './gone.js'
import { lockName } from './host-lock.js'
import { isInProcess } from './in-process.js'
import { readMachines } from './machine-xml.js'
import { connectedMachines } from './network-machines.js'

export interface Reconnected {
  /** the running machines that are on the network again */
  reconnected: string[]
  /** what could not be reconnected, and why */
  notes: string[]
}

/**
 * Whether running machines name the network and libvirt has forgotten that they are on it, as after it was stopped and started: it
 * counts the interfaces that are on a network (https://libvirt.org/formatnetwork.html#general-metadata).
 */
export function isCutOff(connection: Connection, network: Network): boolean {
  if (!network.isActive() || isInProcess(connection.uri())) return false
  const name = network.name()
  const wanted = readMachines(connection, { running: true }).flatMap(({ xmls: [now = ''] }) => interfacesOf(now))
    .filter((nic) => attr(nic, 'type') === 'network' && attr(child(nic, 'source'), 'network') === name)
  return wanted.length > Number(attr(parse(network.xml()), 'connections') ?? 0)
}

/**
 * Puts the interfaces of running machines back on a network that was stopped and started: libvirt makes a new bridge then and
 * leaves their taps on none, and takes an interface for connected that names the network already. So each is moved to an empty
 * network and back, which takes milliseconds and which its guest sees as nothing but that. `park` is the UUID of the empty one,
 * which is gone afterwards.
 */
export async function reconnect(connection: Connection, network: Network, park: string): Promise<Reconnected> {
  const result: Reconnected = { reconnected: [], notes: [] }
  // The test driver's machines have no taps that could be lost.
  const machines = isInProcess(connection.uri()) ? [] : connectedMachines(connection, network)
  if (machines.length === 0) return result
  const elsewhere = { network: parkName(park), bridge: freeBridge(whatIsTaken(connection), 32) }
  using parked = unlessGone(() => connection.networkByUuid(park), failure.noNetwork)
    ?? connection.defineNetwork(serialize(networkElement({ name: elsewhere.network, uuid: park, mode: 'isolated', bridge: elsewhere.bridge })))
  try {
    if (!parked.isActive()) parked.start()
    for (const machine of machines) {
      try {
        using _lock = await lockName(connection.uri(), 'vm', machine)
        using domain = connection.domain(machine)
        replug(domain, network, elsewhere)
        result.reconnected.push(machine)
      } catch (error) {
        if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
        result.notes.push(`${machine} is still cut off: ${error.message}; ${sh`bay vm stop ${machine} && bay vm start ${machine}`}`)
      }
    }
  } finally {
    if (parked.isActive()) parked.stop()
    parked.undefine()
  }
  return result
}

/** What the empty network is called while it is there. */
function parkName(park: string): string {
  return `bay-park-${park.slice(0, 8)}`
}

interface Elsewhere { network: string, bridge: string }

function replug(domain: Domain, network: Network, elsewhere: Elsewhere): void {
  const name = network.name()
  const bridge = attr(child(parse(network.xml()), 'bridge'), 'name')
  const stored = domain.isPersistent() ? interfacesOf(domain.xml(domainXml.inactive)) : null
  for (const nic of interfacesOf(domain.xml())) {
    const source = child(nic, 'source')
    const type = attr(nic, 'type')
    if (!source || (type === 'network' ? attr(source, 'network') !== name : type !== 'bridge' || attr(source, 'bridge') !== bridge)) continue
    // What the network itself gave it, it gives anew.
    const own = stored?.find((each) => macOf(each) === macOf(nic))
    if (own && !child(own, 'port')) remove(nic, 'port')
    const [there, portgroup] = [type === 'network' ? 'network' : 'bridge', attr(source, 'portgroup')]
    const move = (to: string, group?: string) => {
      source.attributes = { [there]: to, ...group !== undefined && { portgroup: group } }
      domain.updateDevice(serialize(nic), affect.live)
    }
    const was = attr(source, there) ?? ''
    move(type === 'network' ? elsewhere.network : elsewhere.bridge)
    move(was, portgroup)
  }
}

function interfacesOf(xml: string): XmlElement[] {
  return children(child(parse(xml), 'devices'), 'interface')
}

function macOf(nic: XmlElement): string | undefined {
  return attr(child(nic, 'mac'), 'address')?.toLowerCase()
}
