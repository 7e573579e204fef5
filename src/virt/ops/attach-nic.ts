import { BayError, UsageError } from '../../errors.js'
import { Findings } from '../../findings.js'
import { sh } from '../../shell.js'
import { nicElement, type NicSpec } from '../../xml/domain-nics.js'
import { devicesOf } from '../../xml/machine-devices.js'
import { parse, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { attachDevices, type AttachedDevice, type AttachOptions } from './attach-devices.js'
import { checkNics, isStopped } from './check-vm-nics.js'
import { allDocuments, placesOf } from './device-places.js'
import { journalFor } from './journal.js'
import { macOf } from './mac.js'
import { isOwnHost } from './own-host.js'
import { Rollback } from './rollback.js'

export type NicWanted = Omit<NicSpec, 'bootOrder' | 'filterParameters'>

/**
 * Gives a machine one more network interface, as it runs and as it will start, with one MAC address. One with a MAC address that it
 * has in that network already is left alone.
 * @throws UsageError, BayError `exists`, `not-found`, `wrong-state`, VirtError
 */
export async function attachNic(
  connection: Connection, domain: Domain, wanted: NicWanted,
  { nextStart, dryRun, signal }: { nextStart: boolean, signal?: AbortSignal } & Pick<AttachOptions, 'dryRun'>,
): Promise<{ changed: boolean, device: AttachedDevice | null, notes: string[] }> {
  const places = placesOf(domain, { nextStart })
  const nics = allDocuments(domain).flatMap((root) => devicesOf(root)).filter(({ kind }) => kind === 'nic')
  const mine = nics.find(({ mac }) => wanted.mac !== undefined && mac === wanted.mac)
  if (mine && (mine.source !== (wanted.source ?? null) || attr(mine.element, 'type') !== wanted.kind)) {
    throw new BayError('exists', `${domain.name()} has the MAC address ${wanted.mac} on ${mine.source ?? 'another network'}`, {
      hints: [sh`bay vm detach ${domain.name()} ${wanted.mac ?? []}`],
    })
  }
  const notes = check(connection, mine ? { ...wanted, mac: undefined } : wanted, places)
  const mac = wanted.mac ?? freeMac(domain, nics.flatMap((nic) => nic.mac ?? []))
  const nic = mine ? asStored(mine.element) : nicElement({ ...wanted, mac, model: wanted.model ?? modelOf(nics[0]?.element) })
  using journal = journalFor(connection, { command: 'vm attach nic', name: domain.name() })
  await using rollback = new Rollback(signal, journal)
  const { changed, devices: [device] } = await attachDevices(connection, domain, [nic], places, {
    command: 'vm attach nic', dryRun, rollback,
  })
  return { changed, device: device ?? null, notes }
}

/** The stored interface, or the running one without what that was given at its start. */
function asStored(element: XmlElement): XmlElement {
  return { ...element, children: element.children.filter((node) => node.type !== 'element' || !['target', 'alias'].includes(node.name)) }
}

function check(connection: Connection, nic: NicWanted, { live }: { live: boolean }): string[] {
  const findings = new Findings()
  const { stopped, notes } = checkNics(connection, [nic], { findings, ownHost: isOwnHost(connection) })
  if (live) for (const name of stopped) findings.look(() => { throw isStopped(name) })
  if (nic.vlan !== undefined) findings.look(() => refuseVlan(connection, nic))
  findings.end()
  return live ? notes : [...notes, ...stopped.map((name) => `the network ${name} is not active: start it before the machine`)]
}

/** Plain bridges have no tags, whatever the definition says: libvirt takes it, and the machine could not start. */
function refuseVlan(connection: Connection, { kind, source = '' }: NicWanted): void {
  if (kind === 'network') {
    using network = connection.network(source)
    const root = parse(network.xml())
    const hostdev = attr(child(root, 'forward'), 'mode') === 'hostdev'
    if (hostdev || [root, ...children(root, 'portgroup')].some((each) => attr(child(each, 'virtualport'), 'type') === 'openvswitch')) return
  }
  throw new UsageError(`--vlan: ${kind === 'user' ? 'a user-mode interface' : source} takes no VLAN tag`,
    'only networks on Open vSwitch, or of PCI devices (hostdev), do', 'on a Linux bridge: make a bridge on the VLAN\'s own interface, such as eth0.42')
}

/** Derived from the machine's UUID, as those that it was made with. */
function freeMac(domain: Domain, taken: readonly string[]): string {
  const uuid = domain.uuid()
  let index = 0
  while (taken.includes(macOf(uuid, index))) index += 1
  return macOf(uuid, index)
}

/** As the others, for which the guest has a driver. */
function modelOf(nic: XmlElement | undefined): string {
  return attr(child(nic, 'model'), 'type') ?? 'virtio'
}
