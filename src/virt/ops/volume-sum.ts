import type { StorageVolume } from '../volume.js'
import type { BackedUpFile } from './backup-manifest.js'
import { downloadToStream } from './download-volume.js'

/** The length and checksum of a volume's content, which is read for it. */
export async function volumeSum(
  volume: StorageVolume, pool: string, file: string, signal = new AbortController().signal,
): Promise<BackedUpFile> {
  const source = { name: `${pool}/${volume.name()}`, pool, volume, sum: true, expected: null }
  const options = { signal, moved: () => undefined, note: () => undefined }
  const { length, sha256 } = await downloadToStream(source, () => Promise.resolve(), options)
  return { file, bytes: length, sha256: sha256 ?? '' }
}
