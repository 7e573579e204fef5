import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { GarbageItem } from './gc-item.js'
import { unlessGone } from './gone.js'
import { ownSecrets } from './volume-secret.js'

export interface SecretsNow {
  secrets: readonly { uuid: string, name: string, path: string }[]
  /** the pools that run, by name: of the others nobody knows the volumes */
  running: ReadonlySet<string>
}

interface Volumes {
  /** of all volumes that there are */
  paths: ReadonlySet<string>
  /** the secrets that runs have written down, by UUID */
  journaled: ReadonlySet<string>
}

export function readSecrets(connection: Connection): SecretsNow {
  using pools = connection.pools()
  return { secrets: ownSecrets(connection), running: new Set(pools.filter((pool) => pool.isActive()).map((pool) => pool.name())) }
}

/** The passphrases that bay made for volumes that are gone. */
export function garbageSecrets({ secrets, running }: SecretsNow, now: Volumes): GarbageItem[] {
  const poolOf = (name: string) => name.slice(0, name.indexOf('/'))
  const isLost = ({ uuid, name, path }: SecretsNow['secrets'][number]) =>
    running.has(poolOf(name)) && !now.paths.has(path) && !now.journaled.has(uuid)
  return secrets.filter(isLost).map(({ uuid, name, path }) => ({
    kind: 'secret', name: uuid, pool: poolOf(name), path, size: null, modified: null, reason: `there is no volume ${name}`,
    locks: [['vol', name]], after: [],
    remove: (connection) => {
      using secret = unlessGone(() => connection.secretByUuid(uuid), failure.noSecret)
      secret?.undefine()
    },
  }))
}
