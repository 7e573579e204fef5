import { open, type FileHandle } from 'node:fs/promises'
import { BayError } from '../../errors.js'
import type { StorageVolume } from '../volume.js'

const pieceSize = 256 * 1024
const zeros = Buffer.alloc(pieceSize)

/** Copies a local file into a volume, piece by piece through libvirt; pieces of zeros become holes. */
export async function uploadFile(
  path: string, length: number, volume: StorageVolume, signal?: AbortSignal, moved?: (done: number) => void,
): Promise<void> {
  await using source = await opened(path)
  await copy(source, { from: 0, to: length }, volume, signal, moved)
}

/**
 * The same for a file whose first bytes say what it is, such as qcow2: they are overwritten with zeros before all else and
 * come last. A copy that is cut, however that happens, is so never taken for a whole one, neither by us nor by QEMU.
 */
export async function uploadHeadLast(
  path: string, length: number, volume: StorageVolume, signal?: AbortSignal, moved?: (done: number) => void,
): Promise<void> {
  await using source = await opened(path)
  // So much also covers the tables of an empty qcow2 that libvirt has made, which would else show through holes.
  const head = Math.min(pieceSize, length)
  using stream = volume.upload(BigInt(head))
  stream.send(zeros.subarray(0, head))
  stream.finish()
  if (head < length) await copy(source, { from: head, to: length }, volume, signal, moved)
  await copy(source, { from: 0, to: head }, volume, signal)
}

interface Source extends AsyncDisposable { path: string, file: FileHandle }

async function opened(path: string): Promise<Source> {
  const file = await open(path)
  return { path, file, [Symbol.asyncDispose]: () => file.close() }
}

async function copy(
  { path, file }: Source, { from, to }: { from: number, to: number }, volume: StorageVolume,
  signal?: AbortSignal, moved?: (done: number) => void,
): Promise<void> {
  using stream = volume.upload(BigInt(to - from), BigInt(from))
  for (let at = from; at < to;) {
    signal?.throwIfAborted()
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceSize), 0, Math.min(pieceSize, to - at), at)
    if (bytesRead === 0) throw new BayError('failed', `${path} became shorter while it was read`)
    const piece = buffer.subarray(0, bytesRead)
    if (piece.equals(zeros.subarray(0, bytesRead))) stream.skip(bytesRead)
    else stream.send(piece)
    at += bytesRead
    moved?.(at)
  }
  stream.finish()
}
