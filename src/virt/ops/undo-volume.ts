import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import type { StorageVolume } from '../volume.js'
import { unlessGone } from './gone.js'
import { whilePoolIsBusy } from './retry.js'
import type { Undoing } from './undo-kind.js'
import { removeVolume } from './volume-secret.js'

/**
 * A volume has no mark that could say who made it: it is known by its pool and by a name that its maker saw to be free,
 * under the lock of that name, before it wrote this down.
 */
export interface MadeVolume { pool: string, poolUuid: string, name: string }

export const madeVolume: Undoing<MadeVolume> = {
  fields: ['pool', 'poolUuid', 'name'],
  leaves: ({ pool, name }) => `the volume ${pool}/${name}`,
  removeBy: ({ pool, name }) => sh`bay vol delete --yes ${pool}/${name}`,
  isThere: (connection, made) => {
    using volume = findVolume(connection, made)
    return volume !== null
  },
  undo: (connection, made) => whilePoolIsBusy(() => {
    using volume = findVolume(connection, made)
    if (volume) removeVolume(connection, volume)
  }, /still being allocated|still in use/),
}

/** null when there is no such pool or volume. @throws VirtError when the pool is stopped, and nobody can tell */
export function findVolume(connection: Connection, { poolUuid, name }: Omit<MadeVolume, 'pool'>): StorageVolume | null {
  return unlessGone(() => {
    using pool = connection.poolByUuid(poolUuid)
    return pool.volume(name)
  }, failure.noPool, failure.noVolume)
}

/**
 * Lets the pool look for files that it does not know of, as after a daemon that was killed while it made one. A pool that is
 * busy, or stopped, is left as it is.
 */
export async function refreshPool(connection: Connection, { poolUuid }: Pick<MadeVolume, 'poolUuid'>): Promise<void> {
  try {
    using pool = connection.poolByUuid(poolUuid)
    if (pool.isActive()) await pool.refresh()
  } catch (error) {
    if (!(error instanceof VirtError) || error.code === 'cannot-connect') throw error
  }
}
