import { closeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { tryLock } from './raw/lock.js'

/** How often a lock that another run has is tried again (ms): flock(2) itself would block the event loop. */
const tryAgainAfter = 25

/** A lock on an open file, for as long as the file descriptor, which belongs to the lock. flock(1) sees the same locks. */
export class FileLock implements Disposable {
  #fd: number | null

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** Waits up to `timeout` milliseconds for the lock; null when another run has it all the time. */
  static async take(fd: number, { exclusive, timeout }: { exclusive: boolean, timeout: number }): Promise<FileLock | null> {
    const lock = new FileLock(fd)
    const end = performance.now() + timeout
    while (!tryLock(fd, { exclusive })) {
      if (performance.now() >= end) {
        lock[Symbol.dispose]()
        return null
      }
      await pause(tryAgainAfter)
    }
    return lock
  }

  [Symbol.dispose](): void {
    if (this.#fd === null) return
    closeSync(this.#fd)
    this.#fd = null
  }
}
