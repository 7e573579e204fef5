import { open } from 'node:fs/promises'
import { BayError } from '../../errors.js'
import type { StorageVolume } from '../volume.js'

const pieceSize = 256 * 1024
const zeros = Buffer.alloc(pieceSize)

/**
 * Copies a local file into a volume, piece by piece through libvirt; pieces of zeros become holes. `moved` hears of the bytes
 * that are done.
 */
export async function uploadFile(
  path: string, length: number, volume: StorageVolume, signal?: AbortSignal, moved?: (done: number) => void,
): Promise<void> {
  const file = await open(path)
  try {
    using stream = volume.upload(BigInt(length))
    for (let at = 0; at < length;) {
      signal?.throwIfAborted()
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceSize), 0, Math.min(pieceSize, length - at), at)
      if (bytesRead === 0) throw new BayError('failed', `${path} became shorter while it was read`)
      const piece = buffer.subarray(0, bytesRead)
      if (piece.equals(zeros.subarray(0, bytesRead))) stream.skip(bytesRead)
      else stream.send(piece)
      at += bytesRead
      moved?.(at)
    }
    stream.finish()
  } finally {
    await file.close()
  }
}
