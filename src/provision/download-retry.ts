import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../errors.js'
import { TransferError } from './download-request.js'

export interface Patience {
  signal?: AbortSignal | undefined
  /** milliseconds without a byte after which a server is given up; 30 s when absent */
  idle?: number | undefined
  /** milliseconds before the second try, twice as many before each that follows; 500 when absent */
  backoff?: number | undefined
  /** hears why it is tried again */
  retrying?: ((why: string) => void) | undefined
}

/** The tries that a failing transfer has, as long as none gets further than those before. */
const tries = 6
/** Bytes by which a try must get further, so that a server that sends little at a time does not keep us for ever. */
const stride = 256 * 1024

/**
 * Runs a transfer again after each failure that may pass, with pauses that grow. `reached` tells how many bytes there are:
 * who gets further is not counted.
 * @throws BayError `failed` that is retryable, or whatever else `run` throws
 */
export async function withRetries<T>(what: string, run: () => Promise<T>, reached: () => number, patience: Patience): Promise<T> {
  const before = reached()
  let furthest = before
  let answered = false
  for (let failures = 1; ; failures += 1) {
    try {
      return await run()
    } catch (error) {
      patience.signal?.throwIfAborted()
      if (!(error instanceof TransferError)) throw error instanceof BayError ? named(what, error) : error
      answered ||= reached() !== before || !error.likelyForGood
      if (reached() >= furthest + stride) {
        furthest = reached()
        failures = 1
      }
      if (failures >= tries || !answered) throw new BayError('failed', `${what}: ${error.message}`, { retryable: true, cause: error })
      const wait = Math.max((patience.backoff ?? 500) * 2 ** (failures - 1), error.after)
      patience.retrying?.(`${what}: ${error.message}; trying again in ${Math.ceil(wait / 1000)} s`)
      await pause(wait, undefined, { signal: patience.signal }).catch(() => patience.signal?.throwIfAborted())
    }
  }
}

/** Ends a transfer during which nothing comes any more: give `signal` to the transfer, and `touch` it with each piece. */
export class IdleWatch implements Disposable {
  readonly signal: AbortSignal
  readonly #timer: NodeJS.Timeout

  constructor({ signal, idle = 30_000 }: Patience) {
    const controller = new AbortController()
    this.signal = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal
    this.#timer = setTimeout(() => controller.abort(new TransferError(`the server has sent nothing for ${idle / 1000} s`)), idle)
  }

  touch(): void {
    this.#timer.refresh()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

function named(what: string, error: BayError): BayError {
  if (error.message.startsWith(what) || error.code !== 'failed') return error
  return new BayError(error.code, `${what}: ${error.message}`, { hints: error.hints, retryable: error.retryable, cause: error })
}
