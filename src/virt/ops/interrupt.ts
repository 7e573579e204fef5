import { setMaxListeners } from 'node:events'
import { BayError } from '../../errors.js'

/** What whoever interrupted or terminated the program is told. */
type Telling = (how: 'interrupted' | 'terminated') => { message: string, hints?: readonly string[] }

/**
 * Runs work that must be undone when the user or the system ends the program. Without this, Ctrl-C ends it at once,
 * which is right for everything that leaves nothing behind.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, tell: Telling = undone): Promise<T> {
  const controller = new AbortController()
  // Work on many objects at once listens in many places.
  setMaxListeners(0, controller.signal, process)
  const end = (how: Parameters<Telling>[0]) => () => {
    const { message, hints } = tell(how)
    controller.abort(new BayError(how, message, { hints }))
  }
  const [interrupt, terminate] = [end('interrupted'), end('terminated')]
  for (const name of signals) process.off(name, tooLate)
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate)
  try {
    return await work(controller.signal)
  } finally {
    // Who presses Ctrl-C again and again shall still read what became of it, and a script its exit code.
    if (!controller.signal.aborted) {
      process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate)
      for (const name of signals) if (process.listenerCount(name) === 0) process.on(name, tooLate)
    }
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What is done shall be told, with its exit code: after a signal that comes too late for it the run may still end by itself. */
function tooLate(name: NodeJS.Signals): void {
  process.off(name, tooLate)
  setTimeout(() => process.kill(process.pid, name), patience).unref()
}

/** ms */
const patience = 1000

const undone: Telling = (how) => ({ message: `${how}; what was begun is undone` })
