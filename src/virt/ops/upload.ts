import { open, type FileHandle } from 'node:fs/promises'
import { filePieces, lengthOf, pieceSize, zerosOf, type Piece } from '../sparse-file.js'
import type { StorageVolume } from '../volume.js'

/** Copies a local file into a volume, piece by piece through libvirt; holes and zeros become holes. */
export async function uploadFile(
  path: string, length: number, volume: StorageVolume, signal?: AbortSignal, moved?: (done: number) => void,
): Promise<void> {
  await using source = await opened(path)
  await sendPieces(filePieces(path, source.file, { from: 0, to: length }), volume, { from: 0, length, signal, moved })
}

/**
 * The same for a file whose first bytes say what it is, such as qcow2: they are overwritten with zeros before all else and
 * come last. A copy that is cut, however that happens, is so never taken for a whole one, neither by us nor by QEMU.
 */
export async function uploadHeadLast(
  path: string, length: number, volume: StorageVolume, signal?: AbortSignal, moved?: (done: number) => void,
): Promise<void> {
  await using source = await opened(path)
  const { buffer } = await source.file.read(Buffer.alloc(Math.min(headSize, length)), 0, Math.min(headSize, length), 0)
  blankHead(volume, buffer.length)
  if (buffer.length < length) {
    const rest = { from: buffer.length, to: length }
    await sendPieces(filePieces(path, source.file, rest), volume, { from: rest.from, length: rest.to - rest.from, signal, moved })
  }
  sendHead(volume, buffer)
}

/** So much also covers the tables of an empty qcow2 that libvirt has made, which would else show through holes. */
export const headSize = pieceSize

/** Zeros in the place of the first bytes. */
export function blankHead(volume: StorageVolume, length: number): void {
  sendHead(volume, Buffer.concat([...zerosOf(length)]))
}

/** The first bytes, as they are: libvirt cuts a file off behind a hole, so there is none. */
export function sendHead(volume: StorageVolume, head: Buffer): void {
  using stream = volume.upload(BigInt(head.length))
  stream.send(head)
  stream.finish()
}

export interface Sending {
  /** the place in the volume */
  from: number
  /** how many bytes; 0 for all that comes */
  length: number
  signal?: AbortSignal | undefined
  /** hears how many bytes of the volume are done */
  moved?: ((done: number) => void) | undefined
}

/** Sends all pieces; gives how many bytes that were. */
export async function sendPieces(
  pieces: AsyncIterable<Piece>, volume: StorageVolume, { from, length, signal, moved }: Sending,
): Promise<number> {
  using stream = volume.upload(BigInt(length), BigInt(from))
  let at = from
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    if ('data' in piece) stream.send(piece.data)
    else stream.skip(piece.hole)
    at += lengthOf(piece)
    moved?.(at)
  }
  signal?.throwIfAborted()
  stream.finish()
  return at - from
}

interface Source extends AsyncDisposable { file: FileHandle }

async function opened(path: string): Promise<Source> {
  const file = await open(path)
  return { file, [Symbol.asyncDispose]: () => file.close() }
}
