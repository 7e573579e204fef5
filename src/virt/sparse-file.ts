import type { FileHandle } from 'node:fs/promises'
import { BayError } from '../errors.js'
import { seekNext } from './raw/seek.js'

/** What comes next: bytes, which are good until the next piece is asked for, or how many zeros. */
export type Piece = { data: Buffer } | { hole: number }

/** What libvirt sends in one message at most without splitting it. */
export const pieceSize = 256 * 1024

const zeros = Buffer.alloc(pieceSize)

/** So much is read at a time, while what was read before is used. */
const readSize = 4 * pieceSize

/** A part of an open file in its order; what is not allocated is not read. @throws BayError when it became shorter */
export async function* filePieces(
  path: string, file: FileHandle, { from, to }: { from: number, to: number },
): AsyncGenerator<Piece> {
  // Two for all of it: a file of many holes has thousands of parts.
  const buffers = twoBuffers(Math.min(readSize, Math.max(0, to - from)))
  for (let at = from; at < to;) {
    const data = Math.min(seekNext(file.fd, at, 'data') ?? to, to)
    if (data > at) yield { hole: data - at }
    at = data
    const end = at < to ? Math.min(seekNext(file.fd, at, 'hole') ?? to, to) : to
    for await (const bytes of readAhead(path, file, { from: at, to: end }, buffers)) {
      for (let start = 0; start < bytes.length; start += pieceSize) yield pieceOf(bytes.subarray(start, start + pieceSize))
    }
    at = end
  }
}

/** The bytes of a file between two places; the next are read while those are used. */
async function* readAhead(
  path: string, file: FileHandle, { from, to }: { from: number, to: number }, buffers: readonly [Buffer, Buffer],
): AsyncGenerator<Buffer> {
  let [now, next] = buffers
  const read = (at: number, into: Buffer) => {
    const reading = file.read(into, 0, Math.min(into.length, to - at), at)
    // Whoever stops before it is asked for does not hear of its failure.
    reading.catch(() => undefined)
    return reading
  }
  let reading = from < to ? read(from, now) : null
  for (let at = from; reading;) {
    const { bytesRead } = await reading
    if (bytesRead === 0) throw new BayError('failed', `${path} became shorter while it was read`)
    at += bytesRead
    reading = at < to ? read(at, next) : null
    yield now.subarray(0, bytesRead)
    ;[now, next] = [next, now]
  }
}

function twoBuffers(size: number): [Buffer, Buffer] {
  return [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)]
}

/** Bytes as a piece: those that are all zeros are a hole. */
export function pieceOf(data: Buffer): Piece {
  return data.length <= pieceSize && data.equals(zeros.subarray(0, data.length)) ? { hole: data.length } : { data }
}

/** How many bytes a piece stands for. */
export function lengthOf(piece: Piece): number {
  return 'data' in piece ? piece.data.length : piece.hole
}

/** Up to `length` zeros, in pieces that fit into memory. */
export function* zerosOf(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= pieceSize) yield zeros.subarray(0, Math.min(left, pieceSize))
}
