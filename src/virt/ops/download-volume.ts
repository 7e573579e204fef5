import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '../connection.js'
import { lengthOf, pieceSize, zerosOf, type Piece } from '../sparse-file.js'
import type { Stream } from '../stream.js'
import type { StorageVolume } from '../volume.js'
import { readVolume } from '../../xml/volume.js'
import { formatSize } from '../../units.js'
import { DownloadFile } from './download-file.js'
import { refuseWrongSum, Summed } from './upload-source.js'
import { machineUses } from './volume-use.js'

export interface Download {
  /** the whole name, for messages */
  name: string
  pool: string
  volume: StorageVolume
  sum: boolean
  /** the SHA-256 sum that the content must have, in hexadecimal */
  expected: string | null
}

export interface DownloadOptions {
  signal: AbortSignal
  moved: (done: number, total: number | null) => void
  note: (text: string) => void
}

export interface Downloaded {
  said: string
  /** bytes, holes included */
  length: number
  /** bytes that were there from an earlier run */
  resumed: number
  /** in hexadecimal; null when nobody has asked for it */
  sha256: string | null
}

/**
 * Copies a volume's content into a file, which keeps the holes. It has its name once it is whole; until then it is `PATH.part`,
 * which goes when the run fails, unless `resume` lets the next one go on there.
 * @throws BayError `exists`, `busy`, `failed` for a wrong sum and a full disk
 */
export async function downloadToFile(
  { name, volume, sum, expected }: Download, to: { path: string, overwrite: boolean, resume: boolean },
  { signal, moved, note }: DownloadOptions,
): Promise<Downloaded> {
  await using file = await DownloadFile.open(to.path, to)
  const description = readVolume(volume.xml())
  const resumed = to.resume ? await file.goOn((from, length) => readAt(volume, from, length), description.modified) : 0
  if (resumed > 0) note(`going on after ${formatSize(resumed)} that are there`)
  const summed = new Summed(sum || expected !== null)
  for await (const piece of file.pieces(resumed)) summed.add(piece)
  let length = resumed
  for (const piece of contentOf(volume, resumed)) {
    signal.throwIfAborted()
    summed.add(piece)
    length += await file.append(piece)
    // Nothing is waited for in a hole, and Ctrl-C must still be heard.
    if ('hole' in piece) await turn()
    moved(length, description.physical)
  }
  signal.throwIfAborted()
  const sha256 = summed.digest()
  if (expected !== null && sha256 !== null) file.unlessWrong(() => refuseWrongSum(name, sha256, expected))
  await file.keep()
  return { said: said(length, sha256, expected), length, resumed, sha256 }
}

/** The same into whatever takes bytes in their order; holes come as zeros. */
export async function downloadToStream(
  { name, volume, sum, expected }: Download, write: (bytes: Buffer) => Promise<void>, { signal, moved }: DownloadOptions,
): Promise<Downloaded> {
  const summed = new Summed(sum || expected !== null)
  const { physical } = readVolume(volume.xml())
  let length = 0
  for (const piece of contentOf(volume, 0)) {
    for (const bytes of 'data' in piece ? [piece.data] : zerosOf(piece.hole)) {
      signal.throwIfAborted()
      summed.add({ data: bytes })
      await write(bytes)
      length += bytes.length
      moved(length, physical)
    }
  }
  const sha256 = summed.digest()
  if (expected !== null && sha256 !== null) refuseWrongSum(name, sha256, expected)
  return { said: said(length, sha256, expected), length, resumed: 0, sha256 }
}

/** The running machines that may write into the volume while it is read. */
export function writersOf(connection: Connection, pool: string, volume: StorageVolume): string[] {
  const [path, name] = [volume.path(), volume.name()]
  return machineUses(connection, { running: true })
    .filter(({ files, volumes }) => files.has(path) || volumes.has(`${pool}/${name}`)).map((machine) => machine.name)
}

/** What a host sends at once piles up here when it is not taken as fast: streams have no brake. */
const windowSize = 64 * 2 ** 20

/** All of a volume from a byte on, asked for bit by bit. */
export function* contentOf(volume: StorageVolume, from: number): Generator<Piece> {
  const both = buffers()
  for (let at = from; ;) {
    const began = at
    using stream = volume.download(BigInt(at), BigInt(windowSize))
    for (const piece of received(stream, both)) {
      at += lengthOf(piece)
      yield piece
    }
    if (at - began < windowSize) return
  }
}

/** All of a stream, holes as such; ends it. The bytes of a piece are good until the next but one is asked for. */
function* received(stream: Stream, [now, other]: Buffers = buffers()): Generator<Piece> {
  for (let buffer = now, spare = other; ;) {
    const { filled, then } = fill(stream, buffer)
    if (filled > 0) {
      yield { data: buffer.subarray(0, filled) }
      ;[buffer, spare] = [spare, buffer]
    }
    if (then === 'end') break
    if (then === 'hole') {
      const hole = stream.hole()
      // A stream's end may be told as a hole of nothing.
      if (hole > 0) yield { hole }
    }
  }
  stream.finish()
}

type Buffers = [Buffer, Buffer]

/** One is written to where the bytes go while the other is filled. */
function buffers(): Buffers {
  return [Buffer.allocUnsafe(4 * pieceSize), Buffer.allocUnsafe(4 * pieceSize)]
}

/** Takes what comes until the buffer is full, a hole begins or the stream ends: how many bytes, and which of them it was. */
function fill(stream: Stream, buffer: Buffer): { filled: number, then: 'more' | 'hole' | 'end' } {
  let filled = 0
  while (filled < buffer.length) {
    const got = stream.receiveSparse(buffer.subarray(filled))
    if (got === 'hole') return { filled, then: 'hole' }
    if (got === null || got === 0) return { filled, then: 'end' }
    filled += got
  }
  return { filled, then: 'more' }
}

/** Some bytes of the content; fewer at its end. */
function readAt(volume: StorageVolume, from: number, length: number): Buffer {
  using stream = volume.download(BigInt(from), BigInt(length))
  const pieces: Buffer[] = []
  for (const piece of received(stream)) pieces.push(...'data' in piece ? [Buffer.from(piece.data)] : zerosOf(piece.hole))
  return Buffer.concat(pieces)
}

function said(length: number, sha256: string | null, expected: string | null): string {
  return `downloaded (${formatSize(length)}${sha256 === null ? '' : `, sha256 ${sha256}${expected === null ? '' : ', as it should be'}`})`
}
