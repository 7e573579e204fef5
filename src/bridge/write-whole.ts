import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a file in one step: whoever reads it has the old or the new one, also after a loss of power. */
export function writeWhole(path: string, content: string, mode: number): void {
  const beside = `${path}.bay-new`
  try {
    const fd = openSync(beside, 'w', mode)
    try {
      // Not as umask says: the old file's mode is the new one's.
      fchmodSync(fd, mode)
      const bytes = Buffer.from(content)
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
