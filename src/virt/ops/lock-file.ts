import { constants, openSync, rmSync } from 'node:fs'
import { FileLock } from '../file-lock.js'
import { cannotWrite, isAt } from './state-folder.js'

/** A lock on a file that is there only while somebody has it, or was killed with it. */
export interface LockFile extends Disposable {
  /** open for reading and writing; it belongs to the lock */
  fd: number
}

/**
 * Waits up to `timeout` milliseconds for the lock of that file, which is made when it is missing; null when another run has it all
 * the time. The kernel frees the lock of a run that is killed.
 * @throws BayError when the file cannot be made; the signal's reason
 */
export async function takeLockFile(
  path: string, { timeout, signal }: { timeout: number, signal?: AbortSignal | undefined },
): Promise<LockFile | null> {
  const end = performance.now() + timeout
  for (;;) {
    const left = Math.max(end - performance.now(), 0)
    const fd = openLock(path)
    // It is closed when the lock cannot be had.
    const lock = await FileLock.take(fd, { exclusive: true, timeout: Math.min(left, 250) })
    if (lock && isAt(fd, path)) return { fd, ...releasing(lock, path) }
    // Whoever had it may have removed it meanwhile, and another run may have "the" lock by now.
    lock?.[Symbol.dispose]()
    signal?.throwIfAborted()
    if (!lock && left === 0) return null
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
