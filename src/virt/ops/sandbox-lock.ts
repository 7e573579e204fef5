import { constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { FileLock } from '../file-lock.js'
import { failed, openExisting, type StateFile } from './sandbox-file.js'

/**
 * Locks the file FILE.lock, which stays there for ever: removing it would let two runs have "the" lock. Whoever only
 * looks, and finds no such file, needs no lock: the state is replaced in one step.
 * @throws BayError `busy`
 */
export async function lockState(file: StateFile, { exclusive }: { exclusive: boolean }): Promise<FileLock | null> {
  const path = `${file.path}.lock`
  const fd = exclusive ? openLock(path, file) : openExisting(path)
  if (fd === null) return null
  const timeout = lockTimeout()
  const lock = await FileLock.take(fd, { exclusive, timeout })
  if (lock) return lock
  throw new BayError('busy', `the embedded host is in use by another run: ${path} was locked for ${timeout / 1000} s`, {
    hints: ['again once that run has ended', 'or wait longer for it: BAY_LOCK_TIMEOUT=120'],
  })
}

function openLock(path: string, { own }: StateFile): number {
  try {
    if (own) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    throw failed(`the embedded host cannot be locked (${path})`, cause)
  }
}

/** Milliseconds to wait for another run to end. */
function lockTimeout(): number {
  const text = process.env['BAY_LOCK_TIMEOUT'] ?? '10'
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0) throw new UsageError(`BAY_LOCK_TIMEOUT is no number of seconds: ${text}`)
  return seconds * 1000
}
