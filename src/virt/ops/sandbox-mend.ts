import type { Connection } from '../connection.js'
import { VirtError, failure } from '../errors.js'
import { child, textOf } from '../../xml/tree.js'
import { parse } from '../../xml/node.js'

/**
 * The test driver keeps the new definition of a running network where nothing ever looks at it again, so it would be
 * lost. Here it counts at once instead: the network is stopped, defined and started again.
 */
export function mendDefineNetwork(connection: Connection): void {
  const define = connection.defineNetwork.bind(connection)
  connection.defineNetwork = (xml) => {
    if (!stopIfActive(connection, xml)) return define(xml)
    const network = define(xml)
    network.start()
    return network
  }
}

function stopIfActive(connection: Connection, xml: string): boolean {
  try {
    using network = connection.network(textOf(child(parse(xml), 'name')) ?? '')
    if (!network.isActive()) return false
    network.stop()
    return true
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noNetwork)) return false
    throw error
  }
}
