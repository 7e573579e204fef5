import type { Connection } from '../connection.js'
import { imageOf } from './image-name.js'
import { listVolumes } from './list-volumes.js'

/** A row of `image list`. Bytes. */
export interface ImageRow {
  name: string
  pool: string
  volume: string
  format: string | null
  capacity: number | null
  allocation: number | null
  path: string
  /** the volumes that are layers over it, as `pool/name` */
  usedBy: string[]
}

/** The images of all running pools. */
export function listImages(connection: Connection): ImageRow[] {
  const volumes = listVolumes(connection, null)
  const layers = new Map<string, string[]>()
  for (const { pool, name, backing } of volumes) {
    if (backing) layers.set(backing.path, [...layers.get(backing.path) ?? [], `${pool}/${name}`])
  }
  return volumes.flatMap(({ pool, name: volume, format, capacity, allocation, path }) => {
    const name = imageOf(volume)
    return name === undefined ? [] : [{ name, pool, volume, format, capacity, allocation, path, usedBy: layers.get(path) ?? [] }]
  })
}
