import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { Network } from '../network.js'
import { unlessGone } from './gone.js'
import { isCutOff, reconnect } from './reconnect-network.js'
import type { Made, Undoing } from './undo-kind.js'

export const definedNetwork: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the network ${name}`,
  removeBy: ({ name }) => sh`bay net delete --yes ${name}`,
  isThere: (connection, made) => ask(connection, made, () => true),
  undo: (connection, { uuid }) => {
    using network = connection.networkByUuid(uuid)
    if (network.isPersistent()) network.undefine()
  },
}

export const runningNetwork: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the running network ${name}`,
  removeBy: ({ name }) => sh`bay net stop ${name}`,
  isThere: (connection, made) => ask(connection, made, (network) => network.isActive()),
  undo: (connection, { uuid }) => {
    using network = connection.networkByUuid(uuid)
    network.stop()
  },
}

/** A network that is stopped for a moment, or whose running machines are cut off since; `park` is what they are moved by. */
export interface CutNetwork extends Made { park: string }

/** It is not taken back but finished: the network runs, and its machines are on it. */
export const cutNetwork: Undoing<CutNetwork> = {
  fields: ['uuid', 'name', 'park'],
  leaves: ({ name }) => `the network ${name}, stopped or with machines cut off`,
  removeBy: ({ name }) => sh`bay net start ${name}`,
  isThere: (connection, made) => ask(connection, { ...made, uuid: made.park }, () => true)
    || ask(connection, made, (network) => !network.isActive() || isCutOff(connection, network)),
  undo: async (connection, { uuid, park }) => {
    using network = connection.networkByUuid(uuid)
    if (!network.isActive()) network.start()
    await reconnect(connection, network, park)
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
