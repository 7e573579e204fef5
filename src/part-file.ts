import { createHash, randomBytes } from 'node:crypto'
import { constants, openSync, readdirSync, rmSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FileLock } from './virt/file-lock.js'
import { isAt } from './virt/ops/state-folder.js'

/**
 * Gives `work` a new file (0600) beside the one of that path, to be renamed or linked once it is whole; it is gone afterwards. It
 * is locked while this run lives: what killed runs left of the same path is removed first.
 */
export async function inPartFile<T>(path: string, work: (part: string, file: FileHandle) => Promise<T>): Promise<T> {
  const stem = `.bay-${createHash('sha256').update(basename(path)).digest('hex').slice(0, 12)}-`
  await sweep(dirname(path), stem)
  for (;;) {
    const part = join(dirname(path), `${stem}${randomBytes(6).toString('hex')}.part`)
    await using file = await open(part, 'wx', 0o600)
    // The lock closes its descriptor, so it has one of its own. Where a file system has no locks, nobody takes the file for a dead
    // run's either.
    using _lock = await FileLock.take(openSync(`/proc/self/fd/${file.fd}`, 'r'), { exclusive: true, timeout: 250 })
    // Whoever sweeps may be faster than our lock: then another file is as good.
    if (!isAt(file.fd, part)) continue
    try {
      return await work(part, file)
    } finally {
      rmSync(part, { force: true })
    }
  }
}

/** Removes what is not locked any more. What cannot be looked at or removed, such as another user's, stops nobody from writing. */
async function sweep(folder: string, stem: string): Promise<void> {
  for (const part of partsIn(folder, stem)) {
    try {
      const fd = openSync(part, constants.O_RDONLY | constants.O_NOFOLLOW)
      using lock = await FileLock.take(fd, { exclusive: true, timeout: 0 })
      if (lock && isAt(fd, part)) rmSync(part, { force: true })
    } catch {
      continue
    }
  }
}

function partsIn(folder: string, stem: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.startsWith(stem) && entry.name.endsWith('.part'))
      .map(({ name }) => join(folder, name))
  } catch {
    return []
  }
}
