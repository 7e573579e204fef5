import { readPool } from '../../xml/pool.js'
import { parse } from '../../xml/node.js'
import { diskFiles } from '../../xml/snapshot.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import { deleteVolume } from './delete-volume.js'
import { unlessGone } from './gone.js'
import { refreshPool } from './undo-volume.js'
import { VolumeUse } from './volume-use.js'

/** Removes files of a machine that nobody needs any more. What is in no pool, or in use, is left as it is. */
export async function removeFiles(connection: Connection, domain: Domain, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await refreshPoolsOf(connection, paths)
  const used = new Set(diskFiles(parse(domain.xml(domain.isActive() ? 0 : domainXml.inactive))).values())
  const use = VolumeUse.read(connection)
  for (const path of paths.filter((each) => !used.has(each))) {
    using volume = unlessGone(() => connection.volumeByPath(path), failure.noVolume)
    if (volume === null) continue
    using pool = connection.poolOf(volume)
    const place = { pool: pool.name(), name: volume.name(), path }
    if (use.machinesOn(place).length > 0 || use.layersOver(place).length > 0) continue
    await deleteVolume(connection, volume, place, use, { dryRun: false })
  }
}

/** Lets the pools that these files are in look at them again: QEMU changes what lies over what behind their backs. */
export async function refreshPoolsOf(connection: Connection, paths: readonly string[]): Promise<void> {
  using pools = connection.pools()
  for (const pool of pools) {
    const { path: folder } = readPool(pool.xml())
    if (paths.some((path) => folder !== null && path.startsWith(`${folder}/`))) await refreshPool(connection, { poolUuid: pool.uuid() })
  }
}
