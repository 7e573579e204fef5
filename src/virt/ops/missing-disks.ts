import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { readDomain } from '../../xml/domain-description.js'
import { readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { isOwnHost } from './own-host.js'
import { refreshPoolsOf } from './remove-files.js'
import { refreshPool } from './undo-volume.js'

/**
 * The disks of a document, media included, that are not there. What lies outside the pools of another host nobody can tell. Pools
 * that seem to lack one look again: QEMU, and other tools, make files behind their backs.
 */
export async function missingDisks(connection: Connection, xml: string): Promise<string[]> {
  const missing = lookFor(connection, xml)
  if (missing.length === 0) return []
  using pools = connection.pools()
  for (const pool of pools) if (missing.some((each) => each.startsWith(`${pool.name()}/`))) await refreshPool(connection, { poolUuid: pool.uuid() })
  await refreshPoolsOf(connection, missing)
  return lookFor(connection, xml)
}

function lookFor(connection: Connection, xml: string): string[] {
  const folders = poolFolders(connection)
  return readDomain(xml).disks.flatMap(({ path, pool, volume }) => {
    if (pool !== null && volume !== null) return isInPool(connection, pool, volume) ? [] : [`${pool}/${volume}`]
    return path === null || isThere(connection, path, folders) ? [] : [path]
  })
}

function isInPool(connection: Connection, pool: string, name: string): boolean {
  return unlessGone(() => {
    using held = connection.pool(pool)
    if (!held.isActive()) return true
    using _volume = held.volume(name)
    return true
  }, failure.noPool, failure.noVolume) ?? false
}

function isThere(connection: Connection, path: string, folders: ReadonlySet<string>): boolean {
  if (isOwnHost(connection)) return existsSync(path)
  return !folders.has(dirname(path)) || unlessGone(() => {
    using _volume = connection.volumeByPath(path)
    return true
  }, failure.noVolume) === true
}

/** The folders that libvirt knows the files of. */
function poolFolders(connection: Connection): ReadonlySet<string> {
  using pools = connection.pools()
  return new Set(pools.flatMap((pool) => pool.isActive() ? readPool(pool.xml()).path ?? [] : []))
}
