import { setTimeout as pause } from 'node:timers/promises'
import { BayError, UsageError } from '../../errors.js'
import type { ImageFile } from '../../provision/image-file.js'
import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import { defaultPool } from './default-pool.js'
import { openSource, shownOrigin, type ImageOrigin, type SourceOptions } from './add-image-source.js'
import { deleteVolume } from './delete-volume.js'
import { imageKey, imagesNamed, imageVolume, isUrl, isWhole } from './image-name.js'
import { lockKey } from './image-name-lock.js'
import { journalFor } from './journal.js'
import { makeVolume } from './make-volume.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'
import { uploadFile, uploadHeadLast } from './upload.js'
import { VolumeUse } from './volume-use.js'

export interface NewImage extends ImageOrigin {
  name: string
  /** what to do when there is one of that name */
  existing: 'fail' | 'keep' | 'replace'
}

export interface AddedImage {
  changed: boolean
  said: string
  pool: string
  /** null while the format is not known: in a dry run with a URL */
  volume: string | null
  path: string | null
  format: string | null
  /** bytes */
  capacity: number | null
  /** of the file, in hexadecimal; null when nobody has asked for it */
  sha256: string | null
  /** whether it was compared with what it should be */
  checked: boolean
}

/**
 * Makes a volume of a pool out of a disk image, for machines to be copied from it or made as layers over it. Runs that add
 * one of the same name wait for each other. A failure leaves no volume; what was downloaded stays for the next run.
 * @throws BayError `exists`, `wrong-state` when the one to be replaced is needed, `failed`; UsageError for what is no image
 */
export async function addImage(
  connection: Connection, pool: StoragePool, wanted: NewImage, options: SourceOptions,
): Promise<AddedImage> {
  shownOrigin(wanted)
  const waiting = () => options.report.step(`waiting for another run that adds ${wanted.name}`)
  using _lock = await lockKey(imageKey(pool.uuid(), wanted.name), { signal: options.signal, waiting })
  const kept = keepExisting(connection, pool, wanted)
  if (kept) return kept
  using source = await openSource(wanted, options)
  const { file, sha256, checked } = source
  refuseFormat(pool, file)
  const replaced = await removeExisting(connection, pool, wanted.name, { dryRun: false })
  const path = await store(connection, pool, wanted.name, file, options)
  await source.forget()
  const { format, capacity } = file
  return {
    changed: true, said: `${replaced ? 'replaced' : 'added'} (${formatSize(capacity)}, ${format}${checked ? ', checksum right' : ''})`,
    pool: pool.name(), volume: imageVolume(wanted.name, format), path, format, capacity, sha256, checked,
  }
}

/** What `addImage` would do, as far as it can be told without a download. @throws as `addImage` */
export async function planAddImage(
  connection: Connection, pool: StoragePool, wanted: NewImage, options: SourceOptions,
): Promise<AddedImage> {
  const from = shownOrigin(wanted)
  const kept = keepExisting(connection, pool, wanted)
  if (kept) return kept
  const replaced = await removeExisting(connection, pool, wanted.name, { dryRun: true })
  const said = `would be ${replaced ? 'replaced' : 'added'} in the pool ${pool.name()} from ${from}`
  if (isUrl(wanted.from)) return { ...unknown, changed: true, said, pool: pool.name() }
  using source = await openSource(wanted, options)
  refuseFormat(pool, source.file)
  const { file: { format, capacity }, sha256, checked } = source
  const volume = imageVolume(wanted.name, format)
  return { changed: true, said, pool: pool.name(), volume, path: null, format, capacity, sha256, checked }
}

/** The pool that images are in unless another is named. @throws UsageError when that cannot be told */
export function defaultImagePool(connection: Connection): string {
  return defaultPool(connection, { what: 'image', flag: (pool) => `--pool ${pool}` })
}

/** The image that is there already, if it shall stay. @throws BayError `exists` */
function keepExisting(connection: Connection, pool: StoragePool, { name, existing }: NewImage): AddedImage | undefined {
  using images = held(connection, pool, name)
  const [image] = images
  if (!image || existing === 'replace') return undefined
  const { format, capacity } = readVolume(image.volume.xml())
  const { name: volume, path } = image
  if (!isWhole(volume, format)) throw incomplete(pool.name(), name)
  if (existing === 'keep') return { ...unknown, changed: false, said: 'exists already', pool: pool.name(), volume, path, format, capacity }
  throw new BayError('exists', `the pool ${pool.name()} has an image ${name} already`, {
    hints: ['give another name, --replace or --if-missing', 'see what there is: bay image list'],
  })
}

/** Of a pool, since another may have a whole one of that name. */
function incomplete(pool: string, name: string): BayError {
  return new BayError('wrong-state', `the image ${name} in the pool ${pool} is incomplete: copying it was cut`, {
    hints: ['copy it again: --replace', sh`bay image delete ${pool}/${name}`],
  })
}

const unknown = { volume: null, path: null, format: null, capacity: null, sha256: null, checked: false }

/** Refuses when a machine or a layer needs it. Gives whether there was one. */
async function removeExisting(
  connection: Connection, pool: StoragePool, name: string, { dryRun }: { dryRun: boolean },
): Promise<boolean> {
  using images = held(connection, pool, name)
  if (images.length === 0) return false
  const use = VolumeUse.read(connection)
  for (const { volume, ...place } of images) await deleteVolume(connection, volume, place, use, { dryRun })
  return true
}

function held(connection: Connection, pool: StoragePool, name: string) {
  const images = imagesNamed(connection, `${pool.name()}/${name}`)
  return Object.assign(images, { [Symbol.dispose]: () => { for (const each of images) each[Symbol.dispose]() } })
}

/** Makes the volume and fills it. libvirt cannot rename one, so it has its name from the start, and goes if it is not filled. */
async function store(
  connection: Connection, pool: StoragePool, name: string, file: ImageFile, { signal, report }: SourceOptions,
): Promise<string> {
  const volumeName = imageVolume(name, file.format)
  const xml = serialize(volumeElement({ name: volumeName, capacity: file.capacity, format: file.format }))
  report.step(`copying it to ${pool.name()}/${volumeName}`)
  using journal = journalFor(connection, { command: 'image add', name })
  await using rollback = new Rollback(signal, journal)
  using volume = await makeVolume(connection, pool, volumeName, rollback, () => pool.createVolume(xml))
  const upload = file.format === 'qcow2' ? uploadHeadLast : uploadFile
  await upload(file.path, file.length, volume, signal, (done) => report.moved(done, file.length))
  await settled(pool, volumeName, file)
  const path = volume.path()
  rollback.keep()
  return path
}

/**
 * libvirt looks into the pool again by itself after an upload, some time later, unless the pool is busy then; until it has,
 * it knows the volume as it was. @throws VirtError `not-found` when somebody has deleted it meanwhile
 */
async function settled(pool: StoragePool, name: string, { format, capacity }: ImageFile): Promise<void> {
  for (let look = 1; look <= 20; look += 1) {
    using volume = pool.volume(name)
    const found = readVolume(volume.xml())
    if (found.format === format && (found.capacity ?? 0) >= capacity) return
    if (look % 10 === 0) await whilePoolIsBusy(() => pool.refresh())
    else await pause(100)
  }
  throw new BayError('failed', `the host does not take ${pool.name()}/${name} for what was copied there`)
}

function refuseFormat(pool: StoragePool, { format }: ImageFile): void {
  const { type } = readPool(pool.xml())
  if (fileTypes.includes(type) || (format === 'raw' && type !== 'disk')) return
  throw new UsageError(`the pool ${pool.name()} is of type ${type}, which holds no ${format} images`, 'choose a pool of files: --pool POOL, bay pool list')
}

const fileTypes = ['dir', 'fs', 'netfs', 'vstorage']
