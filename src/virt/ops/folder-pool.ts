import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { serialize } from '../../xml/node.js'
import { poolElement, readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import type { StoragePool } from '../pool.js'

/** A folder of the host as a pool, so that the host handles its files, a remote one too. */
export interface FolderPool {
  pool: StoragePool
  /** What was made for it goes. */
  stop: () => void
}

/** What a folder's pool is called until it is stopped. */
export interface FolderPoolName { name: string, uuid: string }

export function folderPoolName(): FolderPoolName {
  return { name: `bay-folder-${randomUUID().slice(0, 8)}`, uuid: randomUUID() }
}

/**
 * Makes a folder of the host a pool, which no other machine sees longer than until `stop`; an existing pool of that folder is
 * taken as it is. null when there is no such folder, as on a host on which no machine of that kind has ever run.
 */
export function startFolderPool(connection: Connection, folder: string, as = folderPoolName()): FolderPool | null {
  const known = poolAt(connection, folder)
  if (known) return { pool: known, stop: () => undefined }
  try {
    const pool = connection.startPoolAs(serialize(poolElement({ type: 'dir', ...as, path: folder })))
    return { pool, stop: () => pool.stop() }
  } catch (error) {
    if (error instanceof VirtError && error.errno === constants.errno.ENOENT) return null
    throw error
  }
}

/** libvirt has no two pools of one folder. */
function poolAt(connection: Connection, folder: string): StoragePool | null {
  using pools = connection.pools()
  const found = pools.find((pool) => pool.isActive() && readPool(pool.xml()).path === folder)
  return found ? connection.poolByUuid(found.uuid()) : null
}
