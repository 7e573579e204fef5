import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { unlessGone } from './gone.js'
import { VolumeUse } from './volume-use.js'

/** A row of `vol list`: `vol show` without who uses it. Bytes. */
export interface VolumeRow {
  pool: string
  name: string
  path: string
  /** `file`, `block`, `dir`, `network` … */
  type: string | null
  format: string | null
  capacity: number | null
  allocation: number | null
  backing: { path: string, format: string | null } | null
}

export interface VolumeDetails extends VolumeRow {
  /** machines whose disks it is, or lies below */
  usedBy: string[]
  /** the volumes that are layers over it, as `pool/name` */
  layers: string[]
  /** how it is encrypted, and the UUID of its secret where libvirt has one */
  encryption: { format: string, secret: string | null } | null
}

/** The volumes of running pools: of those that are named, or of all. */
export function listVolumes(connection: Connection, names: readonly string[] | null): VolumeRow[] {
  using pools = connection.pools()
  const wanted = names === null ? null : new Set(names)
  return pools.filter((pool) => wanted?.has(pool.name()) ?? true).flatMap(rowsOf)
}

/** One volume, and who uses it: all machines and all running pools are looked at. */
export function describeVolume(connection: Connection, pool: string, volume: StorageVolume): VolumeDetails {
  const row = read(pool, volume)
  const use = VolumeUse.read(connection)
  return { ...row, usedBy: use.machinesOn(row), layers: use.layersOver(row), encryption: readVolume(volume.xml()).encryption }
}

/** A pool may have been stopped since it was listed, and a volume deleted. */
function rowsOf(pool: StoragePool): VolumeRow[] {
  using volumes = unlessGone(() => pool.volumes(), failure.noPool, failure.operationInvalid)
  const name = pool.name()
  return (volumes ?? []).flatMap((volume) => unlessGone(() => read(name, volume), failure.noVolume) ?? [])
}

function read(pool: string, volume: StorageVolume): VolumeRow {
  const { name, path, type, format, capacity, allocation, backing } = readVolume(volume.xml())
  return { pool, name, path: path ?? volume.path(), type, format, capacity, allocation, backing }
}
