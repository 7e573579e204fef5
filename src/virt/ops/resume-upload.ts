import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import { pieceSize, type Piece } from '../sparse-file.js'
import type { StorageVolume } from '../volume.js'
import { contentOf } from './download-volume.js'
import { lockName } from './host-lock.js'
import { makeLockedVolume } from './make-volume.js'
import { refuseNeeded } from './needed-volume.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'
import { sameUntil } from './same-content.js'
import { sendHead, sendPieces } from './upload.js'
import type { UploadSource } from './upload-source.js'
import { capacityOf, isThere, settled, type Upload, type UploadedVolume, type UploadOptions } from './upload-volume.js'
import { VolumeUse } from './volume-use.js'

/**
 * Uploads a raw file, and leaves what has arrived when that is cut, for the next run to go on with. That one compares all that is
 * there with the file, and goes on where they begin to differ: nothing else would prove what a killed run, or a lost host, has
 * written. The first 256 KiB come last here too.
 * @throws BayError `exists` for a volume with other content; `wrong-state` for one that is needed; UsageError
 */
export async function resumeUpload(
  connection: Connection, pool: StoragePool, wanted: Upload, source: UploadSource, options: UploadOptions,
): Promise<UploadedVolume> {
  const fullName = `${pool.name()}/${wanted.name}`
  const { length, from, format } = source
  if (length === null || from === null || format !== 'raw') {
    throw new UsageError(`--resume is for raw files, and ${source.shown} is ${length === null ? 'none' : format}`, 'leave out --resume')
  }
  const capacity = capacityOf(pool, wanted, source)
  using _lock = await lockName(connection.uri(), 'vol', fullName, options.signal)
  const there = isThere(pool, wanted.name)
  const about = { changed: true, format, capacity, length, path: null, sha256: null, resumed: 0 }
  if (options.dryRun) return { ...about, said: `would ${there ? 'go on' : 'be uploaded'} from ${source.shown}` }
  using volume = there ? pool.volume(wanted.name) : await make(connection, pool, { name: wanted.name, capacity }, options.signal)
  const head = source.head.length
  const resumed = there ? await provenUntil(connection, pool, volume, { source, capacity }, options) : await summed(source, head)
  const sum = source.sha256()
  const told = sum === null ? '' : `, sha256 ${sum}`
  if (resumed === null) {
    return { ...about, changed: false, path: volume.path(), sha256: sum, resumed: length, said: `is there already${told}` }
  }
  const moved = (done: number) => options.moved(done, length)
  const { signal } = options
  if (length > resumed) await sendPieces(from(resumed), volume, { from: resumed, length: length - resumed, signal, moved })
  sendHead(volume, source.head)
  if (length < capacity) await whilePoolIsBusy(() => volume.resize(BigInt(capacity)), /still in use/)
  const found = await settled(pool, wanted.name, { format, capacity })
  const kept = there ? resumed : 0
  const already = kept > 0 ? `, ${formatSize(kept)} were there` : ''
  return { ...about, ...found, sha256: sum, resumed: kept, said: `uploaded (${formatSize(length)}, ${format}${told}${already})` }
}

/** It stays from now on, whatever becomes of this run. An empty raw volume begins with zeros. */
async function make(
  connection: Connection, pool: StoragePool, { name, capacity }: { name: string, capacity: number }, signal: AbortSignal,
): Promise<StorageVolume> {
  await using rollback = new Rollback(signal)
  const format = readPool(pool.xml()).type === 'disk' ? 'none' : 'raw'
  const xml = serialize(volumeElement({ name, capacity, format }))
  const volume = await makeLockedVolume(connection, pool, name, rollback, () => pool.createVolume(xml))
  rollback.keep()
  return volume
}

/** The byte to go on at; null when all of it is there. */
async function provenUntil(
  connection: Connection, pool: StoragePool, volume: StorageVolume,
  { source, capacity }: { source: UploadSource, capacity: number }, { signal }: UploadOptions,
): Promise<number | null> {
  const place = { pool: pool.name(), name: volume.name(), path: volume.path() }
  refuseNeeded(place, VolumeUse.read(connection), { machine: (name) => sh`bay vm delete --keep-disks ${name}`, layers: (names) => sh`bay vol delete ${names}` })
  const described = readVolume(volume.xml())
  const from = source.head.length
  const head = volume.read(from)
  const [isWhole, isBlank] = [head.equals(source.head), head.every((byte) => byte === 0)]
  const begun = (isWhole || isBlank) && described.capacity === capacity
  const same = begun ? await sameUntil(source.rest(), heard(contentOf(volume, from), signal)) : null
  const all = (source.length ?? 0) - from
  if (same === null || (same < all && !isBlank)) {
    throw new BayError('exists', `${place.pool}/${place.name} is no part of ${source.shown}: it has other content, or another size`, {
      hints: ['--overwrite instead of --resume replaces it', 'or give another name'],
    })
  }
  if (isWhole && same === all) return null
  return from + Math.floor(same / pieceSize) * pieceSize
}

/** The sum of a file that is sent later is made before. */
async function summed(source: UploadSource, from: number): Promise<number> {
  if (source.sums) for await (const _piece of source.rest()) continue
  return from
}

function* heard(pieces: Iterable<Piece>, signal: AbortSignal): Generator<Piece> {
  for (const piece of pieces) {
    signal.throwIfAborted()
    yield piece
  }
}
