import { endProcessOnLoop } from './raw/event-loop.js'
import { endProcess } from './raw/library.js'

/**
 * Ends the process at once. Node's own exit waits for its threads, and one may be stuck in a call to a host that is gone.
 * Whatever was printed must have been flushed.
 */
export function exitNow(code: number): never {
  return endProcess(code)
}

/**
 * Ends the process with 0 after so many milliseconds, also while its main thread waits for an answer, as long as a connection to
 * a daemon is open. For a run whose result nobody waits for any longer.
 */
export function exitWithin(milliseconds: number): void {
  endProcessOnLoop(milliseconds)
}
