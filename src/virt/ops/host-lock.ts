import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { isInProcess } from './in-process.js'
import { takeLockFile } from './lock-file.js'
import { madeStateFolder, stateFolder } from './state-folder.js'

/**
 * Keeps this user's other runs away from one name on one host, from the look that finds it free until the object is there.
 * `uri` is what Connection.uri() says, or `noHost`; a volume's name is POOL/NAME, and that of backups their folder. The kernel
 * frees the lock of a run that is killed.
 * @throws BayError `busy` after BAY_LOCK_TIMEOUT seconds (10); the signal's reason
 */
export async function lockName(uri: string, kind: keyof typeof words, name: string, signal?: AbortSignal): Promise<Disposable> {
  if (isInProcess(uri)) return { [Symbol.dispose]: () => undefined }
  const key = createHash('sha256').update(JSON.stringify([uri, kind, name])).digest('hex')
  const timeout = lockTimeout()
  const lock = await takeLockFile(join(madeStateFolder('locks'), `${key}.lock`), { timeout, signal })
  if (lock === null) throw isBusy(kind, name, timeout)
  return lock
}

/** Removes the files that killed runs left. What is locked is in use, and whoever waits for one looks again. */
export async function sweepLocks(): Promise<void> {
  const folder = stateFolder('locks')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.lock')) : []
  // Giving a lock up removes its file.
  for (const name of names) (await takeLockFile(join(folder, name), { timeout: 0 }))?.[Symbol.dispose]()
}

const words = { vm: 'machine', vol: 'volume', net: 'network', pool: 'pool', filter: 'filters', backup: 'backups' }

function isBusy(kind: keyof typeof words, name: string, timeout: number): BayError {
  return new BayError('busy', `another run is at work on the ${words[kind]} ${name}, for more than ${timeout / 1000} s`, {
    hints: ['again once that run has ended', 'or wait longer for it: BAY_LOCK_TIMEOUT=120'],
  })
}

/** Milliseconds to wait for another run to end: what BAY_LOCK_TIMEOUT says in seconds, else 10 s, or what is told here. */
export function lockTimeout(unlessTold = 10_000): number {
  const text = process.env['BAY_LOCK_TIMEOUT']
  if (text === undefined) return unlessTold
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0) throw new UsageError(`BAY_LOCK_TIMEOUT is no number of seconds: ${text}`)
  return seconds * 1000
}
