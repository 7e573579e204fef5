import { posix } from 'node:path'
import { serialize } from '../../xml/node.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import { unlessGone } from './gone.js'
import { makeVolume } from './make-volume.js'
import type { Rollback } from './rollback.js'
import { withFolderPool } from './with-folder-pool.js'

interface Paths { from: string, to: string }

/**
 * Copies a file of UEFI variables to one beside it. The host does it, so it works on remote ones too. False when there is no
 * such file yet: then the clone begins with the firmware's own variables, as the source would.
 */
export async function copyNvram(connection: Connection, { from, to }: Paths, rollback: Rollback): Promise<boolean> {
  const copied = await withFolderPool(connection, posix.dirname(from), rollback, (pool) =>
    copyFileOf(connection, pool, posix.basename(from), { pool, name: posix.basename(to) }, rollback))
  return copied ?? false
}

/** Copies a file of a pool into a volume of the same or another one; false when it is not there. */
export async function copyFileOf(
  connection: Connection, from: StoragePool, file: string, to: { pool: StoragePool, name: string }, rollback: Rollback,
): Promise<boolean> {
  using source = unlessGone(() => from.volume(file), failure.noVolume)
  if (source === null) return false
  const { capacity, format } = readVolume(source.xml())
  const xml = serialize(volumeElement({ name: to.name, capacity: capacity ?? 0, format: format ?? 'raw' }))
  using _made = await makeVolume(connection, to.pool, to.name, rollback, () => to.pool.cloneVolume(xml, source))
  return true
}
