import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BackedUpFile } from './backup-manifest.js'

/** A file's length and checksum. @throws the file system's error; the signal's reason */
export async function fileSum(folder: string, file: string, signal?: AbortSignal): Promise<BackedUpFile> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(join(folder, file), { highWaterMark: 2 ** 20 }), async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      signal?.throwIfAborted()
      hash.update(piece)
      bytes += piece.length
    }
  })
  return { file, bytes, sha256: hash.digest('hex') }
}
