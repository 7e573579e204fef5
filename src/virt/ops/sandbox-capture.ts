import { el, parse, setAttributes, type XmlElement } from '../../xml/node.js'
import { child, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { domainStates } from '../enums.js'
import { domainXml, snapshotXml } from '../flags.js'
import type { Network } from '../network.js'
import type { StoragePool } from '../pool.js'
import { stateAttributes, stateNames } from './sandbox-state.js'

/** The state of the host as a document; what `before` holds beside machines, networks and pools stays as it is. */
export async function captureState(connection: Connection, before: XmlElement): Promise<XmlElement> {
  const kept = before.children.filter((node) => node.type !== 'element' || !['domain', 'network', 'pool'].includes(node.name))
  return {
    ...before,
    attributes: { ...before.attributes, ...stateAttributes },
    children: [...kept, ...captureNetworks(connection), ...await capturePools(connection), ...captureDomains(connection)],
  }
}

function captureNetworks(connection: Connection): XmlElement[] {
  using networks = connection.networks()
  return byName(networks).map((network) => mark(parse(network.xml()), network))
}

async function capturePools(connection: Connection): Promise<XmlElement[]> {
  using pools = connection.pools()
  const elements: XmlElement[] = []
  for (const pool of byName(pools)) elements.push(await capturePool(pool))
  return elements
}

/** A pool shows its volumes only while it runs. */
async function capturePool(pool: StoragePool): Promise<XmlElement> {
  const element = mark(parse(pool.xml()), pool)
  const active = pool.isActive()
  if (!active) await pool.start()
  using volumes = pool.volumes()
  element.children.push(...byName(volumes).map((volume) => parse(volume.xml())))
  if (!active) pool.stop()
  return element
}

/** Those that run first, in the order in which they got their ids: libvirt counts ids anew in the document's order. */
function captureDomains(connection: Connection): XmlElement[] {
  using domains = connection.domains()
  return byName(domains)
    .map((domain) => ({ domain, id: domain.id() ?? Infinity }))
    .sort((a, b) => a.id === b.id ? 0 : a.id - b.id)
    .map(({ domain }) => captureDomain(domain))
}

function captureDomain(domain: Domain): XmlElement {
  const [active, persistent] = [domain.isActive(), domain.isPersistent()]
  const live = domain.xml(domainXml.secure)
  const stored = active && persistent ? domain.xml(domainXml.secure | domainXml.inactive) : withoutId(live)
  const element = parse(live)
  const autostart = persistent && domain.autostart() ? true : null
  setAttributes(element, { 'id': null, 'xmlns:test': testNamespace, [stateNames.autostart]: autostart })
  element.children.push(
    ...persistent ? [] : [el('test:transient', {})],
    ...domain.hasSavedState() ? [el('test:hasmanagedsave', {})] : [],
    el('test:runstate', {}, domainStates.findIndex((state) => state === domain.state().state)),
    ...captureSnapshots(domain),
    ...withoutId(live) === stored ? [] : [el(stateNames.stored, {}, parse(stored))],
  )
  return element
}

const testNamespace = 'http://libvirt.org/schemas/domain/test/1.0'

function withoutId(xml: string): string {
  return xml.replace(/^(<domain [^>]*?) id='\d+'/, '$1')
}

/** The state that libvirt has of each snapshot, passwords included; its XML does not say which one is current. */
function captureSnapshots(domain: Domain): XmlElement[] {
  using snapshots = domain.snapshots()
  return snapshots
    .map((snapshot) => ({ element: parse(snapshot.xml(snapshotXml.secure)), current: snapshot.isCurrent() }))
    .sort((a, b) => createdAt(a.element) - createdAt(b.element))
    .map(({ element, current }) => ({
      ...element, name: 'test:domainsnapshot', children: [...element.children, el('active', {}, current ? 1 : 0)],
    }))
}

function createdAt(snapshot: XmlElement): number {
  return Number(textOf(child(snapshot, 'creationTime')) ?? 0)
}

function mark(element: XmlElement, object: Network | StoragePool): XmlElement {
  setAttributes(element, {
    [stateNames.autostart]: object.isPersistent() && object.autostart() ? true : null,
    [stateNames.active]: object.isActive() ? null : false,
  })
  return element
}

function byName<T extends { name(): string }>(objects: readonly T[]): T[] {
  const named = objects.map((object) => ({ object, name: object.name() }))
  return named.sort((a, b) => a.name < b.name ? -1 : 1).map(({ object }) => object)
}
