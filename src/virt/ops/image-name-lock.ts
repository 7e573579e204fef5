import { createHash } from 'node:crypto'
import { constants, mkdirSync, openSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { BayError } from '../../errors.js'
import { FileLock } from '../file-lock.js'

/** As long as another run may take to download what we want too (ms). */
const limit = 30 * 60_000

/** Where downloads and locks are; made when it is missing. @throws BayError `failed` */
export function imageCache(): string {
  const folder = cacheFolder()
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw cannotLock(folder, cause)
  }
  return folder
}

/** A name of a file for what may hold any character. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * Keeps all other runs of this user away from `key`; `waiting` hears of it when one is there already. The lock's file stays
 * for ever: removing it would let two runs have "the" lock.
 * @throws BayError `busy`; the signal's reason
 */
export async function lockKey(key: string, { signal, waiting }: { signal: AbortSignal, waiting: () => void }): Promise<FileLock> {
  const path = join(imageCache(), `${digest(key)}.lock`)
  const end = performance.now() + limit
  for (let first = true; ; first = false) {
    // A lock that cannot be had closes its file.
    const lock = await FileLock.take(openLock(path), { exclusive: true, timeout: first ? 0 : 500 })
    if (lock) return lock
    signal.throwIfAborted()
    if (first) waiting()
    if (performance.now() > end) throw new BayError('busy', `another run has been at it for ${limit / 60_000} minutes (${path} is locked)`)
  }
}

/** Whether a run of this user has the key now. */
export async function isLocked(key: string): Promise<boolean> {
  const fd = openExisting(join(cacheFolder(), `${digest(key)}.lock`))
  if (fd === null) return false
  using lock = await FileLock.take(fd, { exclusive: false, timeout: 0 })
  return lock === null
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'bay', 'images')
}

function openLock(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    throw cannotLock(path, cause)
  }
}

/** A lock that nobody has ever made, or that is not ours to read, is of no run that we could wait for. */
function openExisting(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch {
    return null
  }
}

function cannotLock(path: string, cause: unknown): BayError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new BayError('failed', `bay cannot write in its cache (${path}): ${why}`, { cause, hints: ['give it another folder: XDG_CACHE_HOME=/path'] })
}
