import { BayError } from '../../errors.js'

/**
 * Runs work that ends by a signal: the one that is given, or `timeout` after as many milliseconds, if there is a limit.
 * @throws what the work throws; BayError `timeout`
 */
export async function withDeadline<T>(
  timeout: number | undefined, stopped: AbortSignal, work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const end = () => over.abort(new BayError('timeout', 'it was not done in time; what was begun is undone'))
  const timer = timeout === undefined ? undefined : setTimeout(end, timeout)
  try {
    return await work(AbortSignal.any([stopped, over.signal]))
  } finally {
    clearTimeout(timer)
  }
}
