import type { Connection } from '../connection.js'
import { imageOf, isWhole } from './image-name.js'
import { listVolumes } from './list-volumes.js'

/** A row of `image list`. Bytes. */
export interface ImageRow {
  name: string
  pool: string
  volume: string
  /** `incomplete` while it is copied, and when that was cut: it cannot be used */
  state: 'ready' | 'incomplete'
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
    if (name === undefined) return []
    const state = isWhole(volume, format) ? 'ready' : 'incomplete'
    return [{ name, pool, volume, state, format, capacity, allocation, path, usedBy: layers.get(path) ?? [] }]
  })
}
