import { readPool } from '../../xml/pool.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { canonical } from './gc-layers.js'
import { unlessGone } from './gone.js'

export interface StoredVolume {
  pool: string
  poolUuid: string
  name: string
  path: string
  /** see `canonical` */
  place: string
  type: string | null
  format: string | null
  allocation: number | null
  /** the place of what it is a layer over */
  below: string | null
  /** milliseconds since 1970 */
  modified: number | null
}

/** All volumes of a host that can be known. */
export interface Store {
  volumes: StoredVolume[]
  /** pools that do not run: nobody knows their volumes, nor what those lie on */
  stopped: string[]
}

export function readStore(connection: Connection, options: { ownHost: boolean }): Store {
  using pools = connection.pools()
  const store: Store = { volumes: [], stopped: [] }
  for (const pool of pools) {
    const volumes = unlessGone(() => volumesOf(pool, options), failure.noPool, failure.operationInvalid)
    if (volumes === null) store.stopped.push(pool.name())
    else store.volumes.push(...volumes)
  }
  return store
}

/** Pools whose volumes are devices of the host or of somebody else's machine: nobody made them here. */
const devices = ['disk', 'iscsi', 'iscsi-direct', 'scsi', 'mpath']

function volumesOf(pool: StoragePool, options: { ownHost: boolean }): StoredVolume[] {
  const about = { pool: pool.name(), poolUuid: pool.uuid() }
  const isMade = !devices.includes(readPool(pool.xml()).type)
  using volumes = pool.volumes()
  if (!isMade) return []
  return volumes.flatMap((volume) => unlessGone(() => ({ ...about, ...read(volume, options) }), failure.noVolume) ?? [])
}

function read(volume: StorageVolume, options: { ownHost: boolean }): Omit<StoredVolume, 'pool' | 'poolUuid'> {
  const { name, type, format, allocation, modified, backing, ...found } = readVolume(volume.xml())
  const path = found.path ?? volume.path()
  return {
    name, path, place: canonical(path, options), type, format, allocation, modified,
    below: backing && canonical(backing.path, options),
  }
}
