import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { posix } from 'node:path'
import { serialize } from '../../xml/node.js'
import { poolElement, readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import { unlessGone } from './gone.js'
import { lockName } from './host-lock.js'
import { makeVolume } from './make-volume.js'
import type { Rollback } from './rollback.js'
import type { StoragePool } from '../pool.js'

interface Paths { from: string, to: string }

/**
 * Copies a file of UEFI variables to one beside it. The host does it: while it is done the folder is a pool, which no other
 * machine sees longer than that, and which is there for remote hosts too. False when there is no such file yet: then the
 * clone begins with the firmware's own variables, as the source would.
 */
export async function copyNvram(connection: Connection, { from, to }: Paths, rollback: Rollback): Promise<boolean> {
  const folder = posix.dirname(from)
  using _lock = await lockName(connection.uri(), 'vol', folder)
  using known = poolAt(connection, folder)
  if (known) return await copy(connection, known, { from, to }, rollback)
  const made = { name: `bay-nvram-${randomUUID().slice(0, 8)}`, uuid: randomUUID() }
  const xml = serialize(poolElement({ type: 'dir', ...made, path: folder }))
  using pool = await rollback.make(connection, { kind: 'pool-running', ...made }, () => connection.startPoolAs(xml)).catch(unlessMissing)
  if (pool === null) return false
  const copied = await copy(connection, pool, { from, to }, rollback)
  pool.stop()
  return copied
}

async function copy(connection: Connection, pool: StoragePool, { from, to }: Paths, rollback: Rollback): Promise<boolean> {
  using source = unlessGone(() => pool.volume(posix.basename(from)), failure.noVolume)
  if (source === null) return false
  const { capacity, format } = readVolume(source.xml())
  const name = posix.basename(to)
  const xml = serialize(volumeElement({ name, capacity: capacity ?? 0, format: format ?? 'raw' }))
  using _made = await makeVolume(connection, pool, name, rollback, () => pool.cloneVolume(xml, source))
  return true
}

/** A host on which no such machine has ever run has no such folder. */
function unlessMissing(error: unknown): null {
  if (error instanceof VirtError && error.errno === constants.errno.ENOENT) return null
  throw error
}

/** libvirt has no two pools of one folder. */
function poolAt(connection: Connection, folder: string): StoragePool | null {
  using pools = connection.pools()
  const found = pools.find((pool) => pool.isActive() && readPool(pool.xml()).path === folder)
  return found ? connection.poolByUuid(found.uuid()) : null
}
