import { BayError } from '../../errors.js'

/**
 * Runs work that must be undone when the user or the system ends the program. Without this, Ctrl-C ends it at once,
 * which is right for everything that leaves nothing behind.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const interrupt = () => controller.abort(new BayError('interrupted', 'interrupted; what was begun is undone'))
  const terminate = () => controller.abort(new BayError('terminated', 'terminated; what was begun is undone'))
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate)
  }
}
