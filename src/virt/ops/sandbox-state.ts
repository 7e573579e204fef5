import { UsageError } from '../../errors.js'
import { bayNamespace } from '../../xml/metadata.js'
import { el, parse, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import type { StoragePool } from '../pool.js'

/**
 * The state is a document that libvirt's test driver reads (https://libvirt.org/drvtest.html), with what its format
 * cannot say in attributes and elements of a namespace of our own, which it ignores:
 * `bay:autostart` on machines, networks and pools, `bay:active="no"` on networks and pools, and on a running machine
 * whose stored definition is another than the live one that definition in `<bay:stored>`.
 */
export const stateNames = { version: 'bay:version', autostart: 'bay:autostart', active: 'bay:active', stored: 'bay:stored' } as const

const version = '1'

/** What declares a state to be one. */
export const stateAttributes = { 'xmlns:bay': bayNamespace, [stateNames.version]: version }

/** A host as after a fresh installation: one network and one pool named default, 8 CPUs, 16 GiB, no machine. */
export function freshHost(): XmlElement {
  const cpu = { mhz: 2400, model: 'i686', active: 8, nodes: 1, sockets: 1, cores: 4, threads: 2 }
  return el('node', stateAttributes,
    el('cpu', {}, ...Object.entries(cpu).map(([name, value]) => el(name, {}, value))),
    el('memory', {}, 16 * 1024 * 1024),
    el('network', { [stateNames.autostart]: true },
      el('name', {}, 'default'), el('uuid', {}, '2f1c9d5e-6a0b-4c7e-9a57-1d0c5a7e0001'),
      el('forward', { mode: 'nat' }), el('bridge', { name: 'virbr0', stp: 'on', delay: 0 }),
      el('ip', { address: '192.168.122.1', netmask: '255.255.255.0' },
        el('dhcp', {}, el('range', { start: '192.168.122.2', end: '192.168.122.254' })))),
    el('pool', { type: 'dir', [stateNames.autostart]: true },
      el('name', {}, 'default'), el('uuid', {}, '2f1c9d5e-6a0b-4c7e-9a57-1d0c5a7e0002'),
      el('target', {}, el('path', {}, '/var/lib/libvirt/images'))))
}

/** What to do about a file that is no state. */
export const advice = 'repair the file, or move it away to begin with a fresh host'

/** @throws UsageError that names the file and says what to do */
export function parseState(text: string, path: string): XmlElement {
  const root = parsed(text, (reason) => new UsageError(`the state file ${path} is broken: ${reason}`, advice))
  if (root.name !== 'node') throw new UsageError(`${path} is no state of an embedded host: its root is <${root.name}>, not <node>`, advice)
  const found = attr(root, stateNames.version) ?? version
  if (found !== version) throw new UsageError(`the state file ${path} has version ${found}, and this program knows ${version}`, 'use a newer bay')
  return root
}

export function serializeState(root: XmlElement): string {
  return `${serialize(root)}\n`
}

/** Brings a host that libvirt has read from the document into the state that only our additions tell. */
export function restoreState(connection: Connection, root: XmlElement): void {
  for (const element of children(root, 'domain')) restoreDomain(connection, element)
  for (const element of children(root, 'network')) restoreRunnable(element, (name) => connection.network(name))
  for (const element of children(root, 'pool')) restoreRunnable(element, (name) => connection.pool(name))
}

function parsed(text: string, broken: (reason: string) => UsageError): XmlElement {
  try {
    return parse(text)
  } catch (error) {
    throw error instanceof UsageError ? broken(error.message) : error
  }
}

function restoreDomain(connection: Connection, element: XmlElement): void {
  const [stored] = children(child(element, stateNames.stored))
  if (stored) connection.defineDomain(serialize(stored, { indent: 0 }))[Symbol.dispose]()
  if (attr(element, stateNames.autostart) !== 'yes') return
  using domain = connection.domain(nameOf(element))
  domain.setAutostart(true)
}

/** libvirt starts every network and pool of the document. */
function restoreRunnable(element: XmlElement, find: (name: string) => Network | StoragePool): void {
  const [autostart, stopped] = [attr(element, stateNames.autostart) === 'yes', attr(element, stateNames.active) === 'no']
  if (!autostart && !stopped) return
  using object = find(nameOf(element))
  if (autostart) object.setAutostart(true)
  if (stopped) object.stop()
}

function nameOf(element: XmlElement): string {
  return textOf(child(element, 'name')) ?? ''
}
