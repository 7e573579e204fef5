import { createHash } from 'node:crypto'
import { constants, existsSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { FileLock } from '../file-lock.js'
import { isInProcess } from './in-process.js'
import { cannotWrite, isAt, madeStateFolder, stateFolder } from './state-folder.js'

/**
 * Keeps this user's other runs away from one name on one host, from the look that finds it free until the object is there.
 * `uri` is what Connection.uri() says; a volume's name is POOL/NAME. The kernel frees the lock of a run that is killed.
 * @throws BayError `busy` after BAY_LOCK_TIMEOUT seconds (10); the signal's reason
 */
export async function lockName(uri: string, kind: keyof typeof words, name: string, signal?: AbortSignal): Promise<Disposable> {
  if (isInProcess(uri)) return { [Symbol.dispose]: () => undefined }
  const key = createHash('sha256').update(JSON.stringify([uri, kind, name])).digest('hex')
  const path = join(madeStateFolder('locks'), `${key}.lock`)
  const timeout = lockTimeout()
  const end = performance.now() + timeout
  for (;;) {
    const left = Math.max(end - performance.now(), 0)
    const fd = openLock(path)
    // It is closed when the lock cannot be had.
    const lock = await FileLock.take(fd, { exclusive: true, timeout: Math.min(left, 250) })
    if (lock && isAt(fd, path)) return releasing(lock, path)
    // Whoever had it may have removed it meanwhile, and another run may have "the" lock by now.
    lock?.[Symbol.dispose]()
    signal?.throwIfAborted()
    if (!lock && left === 0) throw isBusy(kind, name, timeout)
  }
}

/** Removes the files that killed runs left. What is locked is in use, and whoever waits for one looks again. */
export async function sweepLocks(): Promise<void> {
  const folder = stateFolder('locks')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.lock')) : []
  for (const path of names.map((name) => join(folder, name))) {
    const fd = openLock(path)
    const lock = await FileLock.take(fd, { exclusive: true, timeout: 0 })
    if (lock && isAt(fd, path)) rmSync(path, { force: true })
    lock?.[Symbol.dispose]()
  }
}

/** Names are many, so the file goes with its lock; it is removed while it is locked, and who waited for it looks again. */
function releasing(lock: FileLock, path: string): Disposable {
  let held = true
  return {
    [Symbol.dispose]: () => {
      if (!held) return
      held = false
      rmSync(path, { force: true })
      lock[Symbol.dispose]()
    },
  }
}

function openLock(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    throw cannotWrite(path, cause)
  }
}

const words = { vm: 'machine', vol: 'volume', net: 'network', filter: 'filters' }

function isBusy(kind: keyof typeof words, name: string, timeout: number): BayError {
  return new BayError('busy', `another run is at work on the ${words[kind]} ${name}, for more than ${timeout / 1000} s`, {
    hints: ['again once that run has ended', 'or wait longer for it: BAY_LOCK_TIMEOUT=120'],
  })
}

/** Milliseconds to wait for another run to end. */
export function lockTimeout(): number {
  const text = process.env['BAY_LOCK_TIMEOUT'] ?? '10'
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0) throw new UsageError(`BAY_LOCK_TIMEOUT is no number of seconds: ${text}`)
  return seconds * 1000
}
