import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { Secret } from '../secret.js'
import { unlessGone } from './gone.js'
import type { Made, Undoing } from './undo-kind.js'

/** The passphrase of a volume; `name` is the volume's. */
export const madeSecret: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the secret of the volume ${name}`,
  removeBy: ({ uuid }) => `virsh secret-undefine ${uuid}`,
  isThere: (connection, made) => {
    using secret = find(connection, made)
    return secret !== null
  },
  undo: (connection, made) => {
    using secret = find(connection, made)
    secret?.undefine()
  },
}

function find(connection: Connection, { uuid }: Made): Secret | null {
  return unlessGone(() => connection.secretByUuid(uuid), failure.noSecret)
}
