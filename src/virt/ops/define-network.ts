import type { XmlElement } from '../../xml/node.js'
import { attr, child, upsert } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Network } from '../network.js'
import { defineXml, storedXml, type Defined, type DefineOptions, type Given } from './define.js'

/**
 * Defines a network, or redefines it under its UUID, with the bridge and the MAC address that the host chose for it.
 * A running network takes the new definition when it is started the next time.
 */
export function defineNetwork(connection: Connection, given: Given, options: DefineOptions): Promise<Defined> {
  return defineXml<Network>(given, {
    find: (name) => connection.network(name),
    define: (xml) => connection.defineNetwork(xml),
    uuid: (network) => network.uuid(),
    stored: storedXml,
    carryOver: keepBridge,
  }, options)
}

/** Without them libvirt would choose new ones each time. */
function keepBridge(root: XmlElement, old: XmlElement): void {
  if (attr(child(root, 'forward'), 'mode') !== attr(child(old, 'forward'), 'mode')) return
  const name = attr(child(old, 'bridge'), 'name')
  const mac = attr(child(old, 'mac'), 'address')
  if (name !== undefined && attr(child(root, 'bridge'), 'name') === undefined) upsert(root, 'bridge', { name })
  if (mac !== undefined && !child(root, 'mac')) upsert(root, 'mac', { address: mac })
}
