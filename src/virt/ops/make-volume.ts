import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { lockName } from './host-lock.js'
import { isInProcess } from './in-process.js'
import { disownVolume } from './journal-dead.js'
import { whilePoolIsBusy } from './retry.js'
import type { Rollback } from './rollback.js'
import { findVolume } from './undo-volume.js'

/**
 * Makes a volume that must not exist yet, and notes that it is to be removed if the run fails. It is seen to be missing under
 * the lock of its name, for nothing in a volume says who made it. Waits while the pool is busy.
 * @throws BayError `exists`, `busy`; VirtError
 */
export async function makeVolume(
  connection: Connection, pool: StoragePool, name: string, rollback: Rollback, make: () => Promise<StorageVolume>,
): Promise<StorageVolume> {
  using _lock = await lockName(connection.uri(), 'vol', `${pool.name()}/${name}`)
  return await makeLockedVolume(connection, pool, name, rollback, make)
}

/** The same for who has the lock of the name already, and keeps it until the volume is filled. */
export async function makeLockedVolume(
  connection: Connection, pool: StoragePool, name: string, rollback: Rollback, make: () => Promise<StorageVolume>,
): Promise<StorageVolume> {
  const made = { pool: pool.name(), poolUuid: pool.uuid(), name }
  refuseExisting(connection, made)
  if (!isInProcess(connection.uri())) await disownVolume(made)
  return await rollback.make(connection, { kind: 'volume', ...made }, () => whilePoolIsBusy(make))
}

function refuseExisting(connection: Connection, made: { pool: string, poolUuid: string, name: string }): void {
  using found = findVolume(connection, made)
  if (found === null) return
  throw new BayError('exists', `the pool ${made.pool} has a volume ${made.name} already`, {
    hints: [sh`bay vol show ${made.pool}/${made.name}`, 'give another name'],
  })
}
