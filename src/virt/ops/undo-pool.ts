import { sh } from '../../shell.js'
import { constants } from 'node:os'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import type { StoragePool } from '../pool.js'
import { unlessGone } from './gone.js'
import { whilePoolIsBusy } from './retry.js'
import type { Made, Undoing } from './undo-kind.js'

/** The folder that `build` made for a pool. */
export interface MadeFolder extends Made { path: string }

/** What `build` made on the devices of a pool: a volume group, a partition table, a ZFS pool. */
export interface BuiltSource extends Made { what: string }

export const definedPool: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the pool ${name}`,
  removeBy: ({ name }) => sh`bay pool delete --yes ${name}`,
  isThere: (connection, made) => ask(connection, made, () => true),
  undo: (connection, made) => act(connection, made, (pool) => { if (pool.isPersistent()) pool.undefine() }),
}

export const runningPool: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the running pool ${name}`,
  removeBy: ({ name }) => sh`bay pool stop ${name}`,
  isThere: (connection, made) => ask(connection, made, (pool) => pool.isActive()),
  undo: (connection, made) => act(connection, made, (pool) => pool.stop()),
}

/** libvirt removes only a folder that is empty, so nothing of anybody's can be lost. */
export const poolFolder: Undoing<MadeFolder> = {
  fields: ['uuid', 'name', 'path'],
  leaves: ({ path }) => `the folder ${path}`,
  removeBy: ({ path }) => `rmdir ${path}`,
  // Only the pool can tell of its folder, so while there is a pool there is something to try.
  isThere: (connection, made) => ask(connection, made, () => true),
  undo: (connection, made) => act(connection, made, (pool) => deleteFolder(pool)),
}

/** What has volumes by now is in use, and stays. */
export const builtSource: Undoing<BuiltSource> = {
  fields: ['uuid', 'name', 'what'],
  leaves: ({ name, what }) => `${what} that was made for the pool ${name}`,
  removeBy: ({ name }) => `virsh pool-delete ${name}`,
  isThere: (connection, made) => ask(connection, made, () => true),
  undo: async (connection, { uuid }) => {
    using pool = connection.poolByUuid(uuid)
    if (!await isEmpty(pool)) return
    await whilePoolIsBusy(() => pool.delete())
  },
}

/** Only a running pool knows its volumes. One that does not start has none: it was not made, or is undone already. */
async function isEmpty(pool: StoragePool): Promise<boolean> {
  if (!pool.isActive() && !await starts(pool)) return false
  const empty = pool.volumeCount() === 0
  pool.stop()
  return empty
}

async function starts(pool: StoragePool): Promise<boolean> {
  try {
    await whilePoolIsBusy(() => pool.start())
    return true
  } catch (error) {
    if (!(error instanceof VirtError) || error.code === 'cannot-connect') throw error
    return false
  }
}

function deleteFolder(pool: StoragePool): void {
  try {
    pool.delete()
  } catch (error) {
    if (!(error instanceof VirtError) || error.errno !== constants.errno.ENOENT) throw error
  }
}

async function act(connection: Connection, { uuid }: Made, work: (pool: StoragePool) => void): Promise<void> {
  using pool = connection.poolByUuid(uuid)
  await whilePoolIsBusy(() => work(pool))
}

/** False when the pool is gone. */
function ask(connection: Connection, { uuid }: Made, question: (pool: StoragePool) => boolean): boolean {
  const answer = unlessGone(() => {
    using pool = connection.poolByUuid(uuid)
    return question(pool)
  }, failure.noPool)
  return answer ?? false
}
