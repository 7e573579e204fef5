import type { FileHandle } from 'node:fs/promises'
import { BayError } from '../errors.js'
import { seekNext } from './raw/seek.js'

/** What comes next: bytes, which are good until the next piece is asked for, or how many zeros. */
export type Piece = { data: Buffer } | { hole: number }

/** What libvirt sends in one message at most without splitting it. */
export const pieceSize = 256 * 1024

const zeros = Buffer.alloc(pieceSize)

/** A part of an open file in its order; what is not allocated is not read. @throws BayError when it became shorter */
export async function* filePieces(
  path: string, file: FileHandle, { from, to }: { from: number, to: number },
): AsyncGenerator<Piece> {
  const buffer = Buffer.allocUnsafe(pieceSize)
  for (let at = from; at < to;) {
    const data = Math.min(seekNext(file.fd, at, 'data') ?? to, to)
    if (data > at) yield { hole: data - at }
    at = data
    const end = at < to ? Math.min(seekNext(file.fd, at, 'hole') ?? to, to) : to
    while (at < end) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(pieceSize, end - at), at)
      if (bytesRead === 0) throw new BayError('failed', `${path} became shorter while it was read`)
      yield pieceOf(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
  }
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
