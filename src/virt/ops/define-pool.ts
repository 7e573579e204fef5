import type { XmlElement } from '../../xml/node.js'
import { path, remove } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import { defineXml, storedXml, type Defined, type DefineOptions, type Given } from './define.js'

/** Defines a pool, or redefines it under its UUID. A running pool takes the new definition when it is started the next time. */
export function definePool(connection: Connection, given: Given, options: DefineOptions): Promise<Defined> {
  return defineXml<StoragePool>(given, {
    find: (name) => connection.pool(name),
    define: (xml) => connection.definePool(xml),
    uuid: (pool) => pool.uuid(),
    stored: storedXml,
    strip: withoutFindings,
  }, options)
}

/** libvirt writes what it found on the disk into the definition; permissions that were asked for once look the same. */
function withoutFindings(root: XmlElement, given: XmlElement): void {
  for (const found of ['capacity', 'allocation', 'available']) remove(root, found)
  if (!path(given, 'target/permissions')) remove(root, 'target/permissions')
}
