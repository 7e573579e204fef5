import { setTimeout as pause } from 'node:timers/promises'
import { VirtError } from '../errors.js'

const limit = 30_000

/**
 * Runs a call that a storage pool refuses while it is busy with another one, until it is let in: libvirt does not queue
 * them but fails with "pool has asynchronous jobs running". `also` matches other messages that mean the same to who asks.
 */
export async function whilePoolIsBusy<T>(run: () => T | Promise<T>, also?: RegExp): Promise<T> {
  const deadline = Date.now() + limit
  for (let wait = 20; ; wait = Math.min(wait * 2, 1000)) {
    try {
      return await run()
    } catch (error) {
      const busy = error instanceof VirtError && (/asynchronous jobs running/.test(error.message) || also?.test(error.message) === true)
      if (!busy || Date.now() > deadline) throw error
    }
    // Many runs that were refused together must not all come back together.
    await pause(wait * (0.5 + Math.random()))
  }
}
