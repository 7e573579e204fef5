import { setTimeout as pause } from 'node:timers/promises'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { existing } from './define.js'
import { deleteVolume } from './delete-volume.js'
import { lockName } from './host-lock.js'
import { journalFor } from './journal.js'
import { makeLockedVolume } from './make-volume.js'
import { fileTypes } from './plan-pools.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'
import { blankHead, sendHead, sendPieces } from './upload.js'
import { refuseWrongSum, type UploadSource } from './upload-source.js'
import { VolumeUse } from './volume-use.js'

export interface Upload {
  name: string
  /** bytes of the volume; undefined for those of the content */
  size: number | undefined
  /** what to do when there is a volume of that name */
  existing: 'fail' | 'keep' | 'overwrite'
  /** the SHA-256 sum that the content must have, in hexadecimal */
  expected: string | null
}

export interface UploadedVolume {
  changed: boolean
  said: string
  path: string | null
  format: string | null
  /** bytes */
  capacity: number | null
  /** bytes of the content; null while nobody knows */
  length: number | null
  /** in hexadecimal; null when nobody has asked for it */
  sha256: string | null
  /** bytes that were there from an earlier run */
  resumed: number
}

export interface UploadOptions {
  signal: AbortSignal
  dryRun: boolean
  moved: (done: number, total: number | null) => void
}

/**
 * Makes a volume with the content of a file or a stream. The first 256 KiB come last, so that a copy that is cut is never
 * taken for a whole one; a failure leaves no volume, and a killed run one that `bay recover` removes.
 * @throws BayError `exists`; `wrong-state` when the one to be replaced is needed; `failed` for a wrong sum; UsageError
 */
export async function uploadVolume(
  connection: Connection, pool: StoragePool, wanted: Upload, source: UploadSource, options: UploadOptions,
): Promise<UploadedVolume> {
  const fullName = `${pool.name()}/${wanted.name}`
  const capacity = capacityOf(pool, wanted, source)
  using _lock = await lockName(connection.uri(), 'vol', fullName, options.signal)
  if (isThere(pool, wanted.name)) {
    if (wanted.existing === 'keep') return { ...unknown, changed: false, said: 'exists already' }
    if (wanted.existing === 'fail') throw taken(fullName)
    await removeOld(connection, pool, wanted.name, options)
  }
  const about = { changed: true, format: source.format, capacity, length: source.length }
  if (options.dryRun) return { ...unknown, ...about, said: `would be uploaded from ${source.shown}` }
  const done = await store(connection, pool, { ...wanted, capacity }, source, options)
  const sha256 = source.sha256()
  const sum = sha256 === null ? '' : `, sha256 ${sha256}${wanted.expected === null ? '' : ', as it should be'}`
  return { ...about, ...done, sha256, resumed: 0, said: `uploaded (${formatSize(done.length)}, ${source.format}${sum})` }
}

const unknown = { path: null, format: null, capacity: null, length: null, sha256: null, resumed: 0 }

async function store(
  connection: Connection, pool: StoragePool, { name, expected, capacity }: Upload & { capacity: number }, source: UploadSource,
  { signal, moved }: UploadOptions,
): Promise<{ path: string, length: number, capacity: number }> {
  using journal = journalFor(connection, { command: 'vol upload', name: `${pool.name()}/${name}` })
  await using rollback = new Rollback(signal, journal)
  const format = readPool(pool.xml()).type === 'disk' ? 'none' : source.format
  const xml = serialize(volumeElement({ name, capacity, format }))
  using volume = await makeLockedVolume(connection, pool, name, rollback, () => pool.createVolume(xml))
  const length = await fill(volume, source, (done) => moved(done, source.length), signal)
  const sha256 = source.sha256()
  if (expected !== null && sha256 !== null) refuseWrongSum(source.shown, sha256, expected)
  if (source.format === 'raw' && length < capacity) await whilePoolIsBusy(() => volume.resize(BigInt(capacity)), /still in use/)
  const found = await settled(pool, name, { format: source.format, capacity: Math.max(capacity, source.format === 'raw' ? length : 0) })
  rollback.keep()
  return { ...found, length }
}

/** The rest, then the first bytes. Gives how many there were. */
async function fill(
  volume: StorageVolume, source: UploadSource, moved: (done: number) => void, signal: AbortSignal,
): Promise<number> {
  const from = source.head.length
  blankHead(volume, from)
  const length = source.length === null ? 0 : source.length - from
  const sent = source.length === null || length > 0 ? await sendPieces(source.rest(), volume, { from, length, signal, moved }) : 0
  sendHead(volume, source.head)
  return from + sent
}

/** What the volume must be able to hold. @throws UsageError */
export function capacityOf(pool: StoragePool, { size }: Upload, source: UploadSource): number {
  const { type } = readPool(pool.xml())
  const holdsFiles = fileTypes.includes(type)
  if (source.format === 'qcow2' && !holdsFiles) {
    throw new UsageError(`the pool ${pool.name()} is of type ${type}, which holds no qcow2 images`, 'qemu-img convert -O raw FILE FILE.img', 'or choose a pool of files: bay pool list')
  }
  if (source.format === 'qcow2' && size !== undefined) throw new UsageError('--size is for raw images: a qcow2 says itself how large it is', 'bay vol resize, afterwards')
  const known = source.capacity
  if (known !== null && size !== undefined && size < known) throw new UsageError(`--size is less than the ${formatSize(known)} of ${source.shown}`)
  // A file grows as it is written; a device does not.
  const least = holdsFiles ? source.head.length : null
  const capacity = size ?? known ?? least
  if (capacity === null) throw new UsageError(`how large ${source.shown} is, nobody knows before its end`, 'for example --size 20G')
  return capacity
}

export function isThere(pool: StoragePool, name: string): boolean {
  using old = existing({ find: (each) => pool.volume(each) }, name)
  return old !== null
}

function taken(fullName: string): BayError {
  return new BayError('exists', `there is a volume ${fullName} already`, {
    hints: [sh`bay vol show ${fullName}`, 'give another name, --overwrite or --if-missing'],
  })
}

async function removeOld(connection: Connection, pool: StoragePool, name: string, { dryRun }: { dryRun: boolean }): Promise<void> {
  using old = pool.volume(name)
  await deleteVolume(connection, old, { pool: pool.name(), name, path: old.path() }, VolumeUse.read(connection), { dryRun })
}

/**
 * libvirt looks into the pool again by itself after an upload, some time later, unless the pool is busy then; until it has,
 * it knows the volume as it was. @throws VirtError `not-found` when somebody has deleted it meanwhile
 */
export async function settled(
  pool: StoragePool, name: string, { format, capacity }: { format: string, capacity: number },
): Promise<{ path: string, capacity: number }> {
  for (let look = 1; look <= 20; look += 1) {
    using volume = pool.volume(name)
    const found = readVolume(volume.xml())
    const known = format === 'raw' || found.format === format
    if (known && (found.capacity ?? 0) >= capacity) return { path: volume.path(), capacity: found.capacity ?? capacity }
    if (look % 5 === 0) await whilePoolIsBusy(() => pool.refresh())
    else await pause(50)
  }
  throw new BayError('failed', `the host does not take ${pool.name()}/${name} for what was copied there`)
}
