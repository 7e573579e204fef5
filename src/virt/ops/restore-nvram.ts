import { posix } from 'node:path'
import { serialize } from '../../xml/node.js'
import { volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import type { WholeBackup } from './backup-store.js'
import { unlessGone } from './gone.js'
import type { Rollback } from './rollback.js'
import { sendHead } from './upload.js'
import { withFolderPool } from './with-folder-pool.js'

/**
 * Puts the UEFI variables of a backup where the host keeps such files, under a name that is free: its path. null for a backup
 * without, and when the host has no such folder.
 */
export async function restoreNvram(
  connection: Connection, { manifest: { nvram, vm }, files }: WholeBackup, name: string, rollback: Rollback,
): Promise<string | null> {
  if (nvram === null) return null
  const folder = posix.dirname(nvram.path)
  const wanted = name === vm ? posix.basename(nvram.path) : `${name}_VARS.fd`
  return await withFolderPool(connection, folder, rollback, async (pool) => {
    const file = freeName(pool, wanted)
    const path = posix.join(folder, file)
    const bytes = files.read(nvram.file, nvram.bytes)
    const xml = serialize(volumeElement({ name: file, capacity: bytes.length, format: 'raw' }))
    using volume = await rollback.make(connection, { kind: 'nvram', path }, () => pool.createVolume(xml))
    sendHead(volume, bytes)
    return path
  })
}

/** NAME_VARS.fd, NAME_VARS-2.fd and so on: what a machine has now is kept until its new ones are whole. */
function freeName(pool: StoragePool, wanted: string): string {
  const { name, ext } = posix.parse(wanted)
  for (let number = 1; ; number += 1) {
    const file = number === 1 ? wanted : `${name.replace(/-\d+$/, '')}-${number}${ext}`
    using found = unlessGone(() => pool.volume(file), failure.noVolume)
    if (found === null) return file
  }
}
