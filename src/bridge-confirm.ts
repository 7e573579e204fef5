import { existsSync, readFileSync } from 'node:fs'
import { failedFile } from './bridge/failed-file.js'
import { askWaiting, type Guard } from './bridge/guard-client.js'
import { keepLeft } from './bridge-left.js'
import { waitingSocket } from './bridge-lock.js'
import { BayError } from './errors.js'

/** How a change that may cut off whoever made it is kept. */
export interface Confirmation {
  /** milliseconds until it is undone */
  within: number
  /** the command line that keeps it */
  keptBy: string
  /** says until when */
  tell: (until: string) => void
  /** asks whoever sits at the terminal; null when nobody does */
  ask: ((signal: AbortSignal) => Promise<boolean>) | null
}

/**
 * Has the guard wait for a yes; gives the time at which it undoes the change, or null when somebody has said yes.
 * @throws BayError `timeout`, `failed` for a no, `left-behind`; the signal's reason
 */
export async function confirmed(
  guard: Guard, bridge: string, { within, keptBy, tell, ask }: Confirmation, signal: AbortSignal,
): Promise<string | null> {
  const until = new Date(Date.now() + within).toISOString()
  await guard.wait({ bridge, keptBy, until, socket: waitingSocket() })
  tell(until)
  if (ask === null) {
    guard.leave()
    return until
  }
  await answered(guard, bridge, ask, signal)
  return null
}

async function answered(guard: Guard, bridge: string, ask: NonNullable<Confirmation['ask']>, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const hungUp = new AbortController()
  const hangUp = () => hungUp.abort()
  const last = guard.next()
  last.finally(() => over.abort()).catch(() => undefined)
  process.once('SIGHUP', hangUp)
  let failure: Error | null = null
  try {
    if (await ask(AbortSignal.any([signal, over.signal]))) guard.tell({ keep: bridge })
    else {
      failure = new BayError('failed', `not kept; ${bridge} is as it was before`)
      guard.tell({ undo: true })
    }
  } catch (error) {
    // Whoever lost the terminal by this very change may come back and keep it: its time is not over.
    if (hungUp.signal.aborted || process.stdin.readableEnded || process.stdin.destroyed) {
      guard.leave()
      throw error
    }
    if (!over.signal.aborted) {
      failure = error instanceof Error ? error : new Error(String(error))
      guard.tell({ undo: true })
    }
  } finally {
    process.off('SIGHUP', hangUp)
  }
  const answer = await last
  if ('kept' in answer) return
  const left = 'undone' in answer ? answer.undone : []
  const why = failure ?? new BayError('timeout', `nobody confirmed it in time; ${bridge} is as it was before`)
  throw left.length === 0 ? why : notUndone(why.message, left)
}

/** Keeps a change that waits; false when none does. @throws BayError `left-behind` when it could not be undone, `wrong-state` */
export async function keepWaiting(bridge: string): Promise<boolean> {
  const socket = waitingSocket()
  const answer = await askWaiting(socket, { keep: bridge })
  if (answer && 'other' in answer) {
    throw new BayError('wrong-state', `what waits for its confirmation is a change of ${answer.other.bridge}`, { hints: [answer.other.keptBy] })
  }
  if (answer && 'kept' in answer) return true
  if (await keepLeft(bridge)) return true
  const failed = failedFile(socket)
  if (existsSync(failed)) throw notUndone('it was not confirmed in time', readFileSync(failed, 'utf8').trim().split('\n'))
  return false
}

export function notUndone(what: string, left: readonly string[]): BayError {
  return new BayError('left-behind', `${what}; could not be undone: ${left.join(', ')}`, { hints: ['bay bridge list', 'ip address'] })
}
