import { constants, lstatSync, mkdtempSync, openSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileLock } from '../file-lock.js'
import { codeOf, isAt } from './state-folder.js'

const prefix = 'bay-private-'

/**
 * Gives `work` a folder for secrets, mode 0700, which is gone afterwards. It is locked while this run lives: what killed runs
 * left is removed by the next run that needs such a folder, and by `bay recover`.
 */
export async function inPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  await sweepPrivateFolders()
  for (;;) {
    const folder = mkdtempSync(join(tmpdir(), prefix))
    using lock = await lockOf(folder)
    // Whoever sweeps may be faster than our lock: then another folder is as good.
    if (lock === null) continue
    try {
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Removes the folders of this user's runs that are dead, for their locks are free. */
export async function sweepPrivateFolders(): Promise<void> {
  for (const folder of privateFolders()) {
    using lock = await lockOf(folder)
    if (lock !== null) await rm(folder, { recursive: true, force: true })
  }
}

/** None where nobody may look: then there is no place for one either. */
function privateFolders(): string[] {
  const place = tmpdir()
  try {
    return readdirSync(place).filter((name) => name.startsWith(prefix)).map((name) => join(place, name)).filter(isOurs)
  } catch {
    return []
  }
}

function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.geteuid?.()
}

/** null when another run has it, or it is gone. */
async function lockOf(folder: string): Promise<FileLock | null> {
  const fd = openIfThere(folder)
  if (fd === null) return null
  const lock = await FileLock.take(fd, { exclusive: true, timeout: 0 })
  if (lock === null || isAt(fd, folder)) return lock
  lock[Symbol.dispose]()
  return null
}

function openIfThere(folder: string): number | null {
  try {
    return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
