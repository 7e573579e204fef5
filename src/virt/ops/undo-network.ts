import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { Network } from '../network.js'
import { unlessGone } from './gone.js'
import type { Made, Undoing } from './undo-kind.js'

export const definedNetwork: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the network ${name}`,
  removeBy: ({ name }) => `bay net delete --yes ${name}`,
  isThere: (connection, made) => ask(connection, made, () => true),
  undo: (connection, { uuid }) => {
    using network = connection.networkByUuid(uuid)
    if (network.isPersistent()) network.undefine()
  },
}

export const runningNetwork: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the running network ${name}`,
  removeBy: ({ name }) => `bay net stop ${name}`,
  isThere: (connection, made) => ask(connection, made, (network) => network.isActive()),
  undo: (connection, { uuid }) => {
    using network = connection.networkByUuid(uuid)
    network.stop()
  },
}

/** False when the network is gone. */
function ask(connection: Connection, { uuid }: Made, question: (network: Network) => boolean): boolean {
  const answer = unlessGone(() => {
    using network = connection.networkByUuid(uuid)
    return question(network)
  }, failure.noNetwork)
  return answer ?? false
}
