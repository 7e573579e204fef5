import { BayError, UsageError } from '../../errors.js'
import type { ImageFile } from '../../provision/image-file.js'
import { formatSize } from '../../units.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import { openSource, shownOrigin, type ImageOrigin, type SourceOptions } from './add-image-source.js'
import { deleteVolume } from './delete-volume.js'
import { imageKey, imagesNamed, imageVolume, isUrl } from './image-name.js'
import { lockKey } from './image-name-lock.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'
import { uploadFile } from './upload.js'
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
  if (keepExisting(connection, pool, wanted)) return kept(pool)
  // Other processes are kept out for as long as it takes.
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
  if (keepExisting(connection, pool, wanted)) return kept(pool)
  const replaced = await removeExisting(connection, pool, wanted.name, { dryRun: true })
  const said = `would be ${replaced ? 'replaced' : 'added'} in the pool ${pool.name()} from ${from}`
  if (isUrl(wanted.from)) return { ...kept(pool), changed: true, said }
  using source = await openSource(wanted, options)
  refuseFormat(pool, source.file)
  const { file: { format, capacity }, sha256, checked } = source
  return { changed: true, said, pool: pool.name(), volume: imageVolume(wanted.name, format), path: null, format, capacity, sha256, checked }
}

/** The pool that images are in unless another is named. @throws UsageError when that cannot be told */
export function defaultImagePool(connection: Connection): string {
  using pools = connection.pools()
  const active = pools.filter((each) => each.isActive()).map((each) => each.name())
  const [only] = active
  if (pools.some((each) => each.name() === 'default')) return 'default'
  if (only !== undefined && active.length === 1) return only
  throw new UsageError('which pool shall the image be in? None is named default', ...active.length > 0
    ? [`--pool ${only}`, `active pools: ${active.join(', ')}`]
    : ['bay pool create default --path /var/lib/libvirt/images'])
}

function keepExisting(connection: Connection, pool: StoragePool, { name, existing }: NewImage): boolean {
  using images = held(connection, pool, name)
  if (images.length === 0 || existing === 'replace') return false
  if (existing === 'keep') return true
  throw new BayError('exists', `the pool ${pool.name()} has an image ${name} already`, {
    hints: ['give another name, --replace or --if-missing', 'see what there is: bay image list'],
  })
}

function kept(pool: StoragePool): AddedImage {
  const unknown = { volume: null, path: null, format: null, capacity: null, sha256: null }
  return { changed: false, said: 'exists already', pool: pool.name(), ...unknown, checked: false }
}

/** Refuses when a machine or a layer needs it. Gives whether there was one. */
async function removeExisting(
  connection: Connection, pool: StoragePool, name: string, { dryRun }: { dryRun: boolean },
): Promise<boolean> {
  using images = held(connection, pool, name)
  if (images.length === 0) return false
  const use = VolumeUse.read(connection)
  for (const { volume, ...place } of images) await deleteVolume(volume, place, use, { dryRun })
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
  const [uuid, poolName, volumeName] = [pool.uuid(), pool.name(), imageVolume(name, file.format)]
  const xml = serialize(volumeElement({ name: volumeName, capacity: file.capacity, format: file.format }))
  report.step(`copying it to ${poolName}/${volumeName}`)
  await using rollback = new Rollback(signal)
  using volume = await rollback.step(() => whilePoolIsBusy(() => pool.createVolume(xml)), () => ({
    leaves: `the volume ${poolName}/${volumeName}`, removeBy: `bay vol delete --yes ${poolName}/${volumeName}`,
    undo: () => whilePoolIsBusy(() => {
      using again = connection.poolByUuid(uuid)
      using made = again.volume(volumeName)
      made.delete()
    }),
  }))
  await uploadFile(file.path, file.length, volume, signal, (done) => report.moved(done, file.length))
  const path = volume.path()
  rollback.keep()
  return path
}

function refuseFormat(pool: StoragePool, { format }: ImageFile): void {
  const { type } = readPool(pool.xml())
  if (fileTypes.includes(type) || (format === 'raw' && type !== 'disk')) return
  throw new UsageError(`the pool ${pool.name()} is of type ${type}, which holds no ${format} images`, 'choose a pool of files: --pool POOL, bay pool list')
}

const fileTypes = ['dir', 'fs', 'netfs', 'vstorage']
