import { described } from '../../xml/machine-devices.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import { affect } from '../flags.js'
import { lockName } from './host-lock.js'
import { readMachines } from './machine-xml.js'
import { sameNic, withLinkDown } from './nic-filter.js'
import type { Rollback } from './rollback.js'
import type { UndoRecord } from './undo.js'

/** Interfaces of running machines. */
export interface RunningNics { name: string, nics: XmlElement[] }

/** The running machines that have these taps. */
export function machinesOf(connection: Connection, taps: ReadonlySet<string>): RunningNics[] {
  if (taps.size === 0) return []
  return readMachines(connection, { running: true }).flatMap(({ name, xmls: [live = ''] }) => {
    const nics = children(child(parse(live), 'devices'), 'interface').filter((nic) => taps.has(described(nic).target ?? ''))
    return nics.length === 0 ? [] : { name, nics }
  })
}

/** The names of machines for this run alone, always in the same order, so that two runs never wait for one another. */
export async function lockMachines(connection: Connection, names: readonly string[]): Promise<Disposable> {
  const locks: Disposable[] = []
  const free = () => { for (const lock of locks.splice(0)) lock[Symbol.dispose]() }
  try {
    for (const name of [...names].sort()) locks.push(await lockName(connection.uri(), 'vm', name))
  } catch (error) {
    free()
    throw error
  }
  return { [Symbol.dispose]: free }
}

/**
 * Takes the links of interfaces down while their rules are changed: whenever libvirt 9.0 makes rules for IP, it
 * takes its chains out of FORWARD for a moment, and everything would pass. What is sent meanwhile is lost, and sent again.
 */
export async function withLinksDown(
  connection: Connection, machines: readonly RunningNics[], rollback: Rollback, work: () => Promise<void>,
): Promise<void> {
  for (const { name, nics } of machines) {
    using domain = connection.domain(name)
    for (const nic of nics) {
      const down = serialize(withLinkDown(nic))
      const record: UndoRecord = { kind: 'running-nic', uuid: domain.uuid(), name, nic: serialize(nic) }
      await rollback.make(connection, record, () => domain.updateDevice(down, affect.live))
    }
  }
  await work()
  for (const { name, nics } of machines) {
    using domain = connection.domain(name)
    for (const nic of nics) {
      if (domain.isActive() && sameNic(parse(domain.xml()), nic)) domain.updateDevice(serialize(nic), affect.live)
    }
  }
}
