import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import { folderPoolName, startFolderPool } from './folder-pool.js'
import { lockName } from './host-lock.js'
import type { Rollback } from './rollback.js'

/**
 * Handles files of one of the host's folders, which is a pool meanwhile. null when there is no such folder. When the work fails,
 * the pool goes by the rollback, after what was made in it.
 */
export async function withFolderPool<T>(
  connection: Connection, folder: string, rollback: Rollback, work: (pool: StoragePool) => Promise<T>,
): Promise<T | null> {
  using _lock = await lockName(connection.uri(), 'vol', folder)
  const made = folderPoolName()
  const opened = await rollback.make(connection, { kind: 'pool-running', ...made }, () => startFolderPool(connection, folder, made))
  if (opened === null) return null
  using pool = opened.pool
  const result = await work(pool)
  opened.stop()
  return result
}
