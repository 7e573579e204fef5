import { el, parse } from './node.js'
import type { XmlElement } from './node.js'
import { bytesOf } from './numbers.js'
import { attr, child, children, path, textOf } from './tree.js'

/** Which fields a type needs is libvirt's to say: https://libvirt.org/storage.html. */
export interface PoolSpec {
  /** `dir`, `fs`, `netfs`, `logical`, `disk`, `iscsi`, `iscsi-direct`, `zfs`, `rbd`, `gluster` … */
  type: string
  name: string
  uuid?: string
  /** Where its volumes appear on the host. */
  path?: string
  sourceHosts?: readonly PoolHost[]
  sourceDir?: string
  sourceDevices?: readonly string[]
  /** The volume group, dataset, RBD pool or Gluster volume. */
  sourceName?: string
  /** `nfs`, `xfs`, `gpt`, `lvm2` … */
  format?: string
  /** The initiator's iSCSI name. */
  initiator?: string
  auth?: PoolAuth
}

export interface PoolHost { name: string, port?: number }

/** Who the host is for the server; the password is a secret of libvirt's, found by its UUID or by what it is for. */
export interface PoolAuth { type: 'chap' | 'ceph', user: string, secret: { uuid: string } | { usage: string } }

export interface PoolDescription {
  name: string
  uuid: string | null
  type: string
  path: string | null
  source: { hosts: string[], dir: string | null, devices: string[], name: string | null, format: string | null }
  /** Bytes; null when libvirt has not looked. */
  capacity: number | null
  allocation: number | null
  available: number | null
}

/** A storage `<pool>` (https://libvirt.org/formatstorage.html#storage-pool-xml). */
export function poolElement(spec: PoolSpec): XmlElement {
  const source = sourceElement(spec)
  return el('pool', { type: spec.type },
    el('name', {}, spec.name),
    spec.uuid && el('uuid', {}, spec.uuid),
    source.children.length > 0 && source,
    spec.path && el('target', {}, el('path', {}, spec.path)),
  )
}

/** What a pool's XML says. Throws UsageError for what is no XML. */
export function readPool(xml: string): PoolDescription {
  const root = parse(xml)
  return {
    name: textOf(child(root, 'name')) ?? '',
    uuid: textOf(child(root, 'uuid')) ?? null,
    type: attr(root, 'type') ?? '',
    path: textOf(path(root, 'target/path')) ?? null,
    source: readSource(child(root, 'source')),
    capacity: bytesOf(child(root, 'capacity'), 'bytes'),
    allocation: bytesOf(child(root, 'allocation'), 'bytes'),
    available: bytesOf(child(root, 'available'), 'bytes'),
  }
}

/** The types of pool that a host can have, of its `<storagepoolCapabilities>`. */
export function readPoolTypes(xml: string): Set<string> {
  return new Set(children(parse(xml), 'pool').filter((pool) => attr(pool, 'supported') === 'yes').map((pool) => attr(pool, 'type') ?? ''))
}

function sourceElement(spec: PoolSpec): XmlElement {
  const { sourceHosts = [], sourceDevices = [], sourceDir, sourceName, format, initiator, auth } = spec
  return el('source', {},
    ...sourceHosts.map((host) => el('host', { ...host })),
    ...sourceDevices.map((device) => el('device', { path: device })),
    sourceDir && el('dir', { path: sourceDir }),
    sourceName && el('name', {}, sourceName),
    initiator && el('initiator', {}, el('iqn', { name: initiator })),
    auth && el('auth', { type: auth.type, username: auth.user }, el('secret', { ...auth.secret })),
    format && el('format', { type: format }),
  )
}

function readSource(source: XmlElement | undefined): PoolDescription['source'] {
  const each = (name: string, attribute: string) => children(source, name).map((element) => attr(element, attribute) ?? '')
  return {
    hosts: each('host', 'name'),
    dir: attr(child(source, 'dir'), 'path') ?? null,
    devices: each('device', 'path'),
    name: textOf(child(source, 'name')) ?? null,
    format: attr(child(source, 'format'), 'type') ?? null,
  }
}
