import { readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import { unlessGone } from './gone.js'

/** A row of `pool list`, and what `pool show` says. Bytes. */
export interface PoolRow {
  name: string
  uuid: string
  /** `running`, `inactive`, `building`, `degraded`, `inaccessible` */
  state: string
  persistent: boolean
  autostart: boolean
  type: string
  path: string | null
  /** null while it is inactive, as the next three */
  capacity: number | null
  allocation: number | null
  available: number | null
  /** how many */
  volumes: number | null
}

/** All pools of a host, running or not. */
export function listPools(connection: Connection): PoolRow[] {
  using pools = connection.pools()
  return pools.flatMap((pool) => unlessGone(() => describePool(pool), failure.noPool) ?? [])
}

export function describePool(pool: StoragePool): PoolRow {
  const { name, type, path } = readPool(pool.xml())
  const persistent = pool.isPersistent()
  return {
    name, uuid: pool.uuid(), state: pool.info().state, persistent, autostart: persistent && pool.autostart(), type, path,
    ...unlessGone(() => fillingOf(pool), failure.operationInvalid) ?? unknown,
  }
}

const unknown = { capacity: null, allocation: null, available: null, volumes: null }

function fillingOf(pool: StoragePool) {
  const volumes = pool.volumeCount()
  const { capacity, allocation, available } = pool.info()
  return { capacity, allocation, available, volumes }
}
