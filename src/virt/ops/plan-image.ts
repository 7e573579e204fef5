import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { readImageFile, type ImageFile } from '../../provision/image-file.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import type { StorageVolume } from '../volume.js'
import { findImage, isWhole, looksLikeImage } from './image-name.js'

/** Where a system disk's content comes from: a file that is read here, or a volume of the host. */
export type PlannedImage = { from: 'file', file: ImageFile } & AboutImage | { from: 'volume', below: string | null } & AboutImage

interface AboutImage {
  linked: boolean
  format: string
  /** bytes that a guest sees, and that a copy takes at once */
  capacity: number
  allocation: number
  path: string
}

/**
 * Finds an image: a volume as POOL/NAME, a local file, an image by its name, or a path that the host knows as a volume.
 * Where several pools have an image of that name, the one in `pool` is meant.
 * @throws UsageError when there is none, or it cannot serve
 */
export async function planImage(connection: Connection, image: string, linked: boolean, pool?: string): Promise<PlannedImage> {
  const volume = volumeNamed(connection, image)
  if (volume) return fromVolume(volume, linked)
  const path = resolve(image)
  const added = existsSync(path) ? undefined : await addedImage(connection, image, pool)
  if (added) return fromVolume(added, linked)
  if (linked && !connection.isLocal()) return fromVolume(volumeAt(connection, image), linked)
  const file = await readImageFile(path)
  const { blocks, size } = await stat(path)
  return { from: 'file', file, linked, format: file.format, capacity: file.capacity, allocation: Math.min(size, blocks * 512), path }
}

/** POOL/NAME, when there are such a pool and such a volume. */
export function volumeNamed(connection: Connection, text: string): StorageVolume | undefined {
  const [, pool, name] = /^([^/.][^/]*)\/([^/]+)$/.exec(text) ?? []
  if (pool === undefined || name === undefined) return undefined
  try {
    using held = connection.pool(pool)
    return held.volume(name)
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-found') return undefined
    throw error
  }
}

/** The image of `bay image add`; undefined when there is none of that name. */
async function addedImage(connection: Connection, image: string, pool: string | undefined): Promise<StorageVolume | undefined> {
  if (!looksLikeImage(image)) return undefined
  try {
    const { volume, name } = await findImage(connection, image, { prefer: [...pool === undefined ? [] : [pool], 'default'] })
    if (isWhole(name, readVolume(volume.xml()).format)) return volume
    volume[Symbol.dispose]()
    throw new BayError('wrong-state', `the image ${image} is incomplete: copying it was cut`, { hints: ['bay image add --replace', 'bay image list'] })
  } catch (error) {
    if (!(error instanceof BayError) || error.code !== 'not-found') throw error
    throw new UsageError(`the image ${resolve(image)} cannot be read: there is no such file, nor an image of that name`, ...error.hints)
  }
}

function volumeAt(connection: Connection, path: string): StorageVolume {
  try {
    return connection.volumeByPath(path)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw new UsageError(`${path} is in no pool of that host, so nothing can be linked to it`, 'leave out --linked to copy the file there')
  }
}

function fromVolume(volume: StorageVolume, linked: boolean): PlannedImage {
  using held = volume
  const { format, capacity, allocation, path, backing, encryption } = readVolume(held.xml())
  const place = path ?? held.path()
  if (encryption !== null) throw new UsageError(`the volume ${place} is encrypted, and libvirt copies no encrypted volumes`)
  if (format !== 'qcow2' && format !== 'raw') throw new UsageError(`the volume ${place} is ${format ?? 'of an unknown format'}, not qcow2 or raw`)
  return { from: 'volume', linked, format, capacity: capacity ?? 0, allocation: allocation ?? 0, path: place, below: backing?.path ?? null }
}
