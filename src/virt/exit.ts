import { endProcess } from './raw/library.js'

/**
 * Ends the process at once. Node's own exit waits for its threads, and one may be stuck in a call to a host that is gone.
 * Whatever was printed must have been flushed.
 */
export function exitNow(code: number): never {
  return endProcess(code)
}
