import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { EventStream, type HostEvent } from '../events.js'

/** How often (ms) the connection is looked at: nobody tells that its daemon is dead. */
const lookEvery = 500
/** A reader that is slower than the host for long: the oldest events are left out, and that is told. */
const mostWaiting = 100_000

export interface Follow {
  /** which events are shown */
  wanted: (event: HostEvent) => boolean
  /** which of these is waited for; absent for none */
  until?: (event: HostEvent) => boolean
  /** the number after which it ends */
  count?: number
  /** milliseconds from now */
  timeout?: number
  signal: AbortSignal
  show: (event: HostEvent) => Promise<void>
  /** whether nobody reads any more */
  deaf: () => boolean
  /** called once it listens */
  ready?: () => void
}

export interface Followed {
  /** how it ended: by the number, by what was waited for, by the time, or because nobody read any more */
  ended: 'count' | 'for' | 'time' | 'left'
  shown: number
  /** events that were left out, because nobody read them in time */
  lost: number
}

/**
 * Tells a host's events as they come, until one of the ends that were asked for.
 * @throws BayError `cannot-connect` once the host is lost; the signal's reason; whatever went wrong in reading an event
 */
export async function followEvents(connection: Connection, follow: Follow): Promise<Followed> {
  const { wanted, until, count, timeout, signal, show, deaf, ready } = follow
  const deadline = performance.now() + (timeout ?? Infinity)
  const queue = new Waiting()
  using _stream = new EventStream(connection, (event) => { if (wanted(event)) queue.add(event) }, (error) => queue.fail(error))
  ready?.()
  for (let shown = 0; ;) {
    for (let event = queue.take(); event !== undefined; event = queue.take()) {
      await show(event)
      shown += 1
      if (deaf()) return { ended: 'left', shown, lost: queue.lost }
      if (until?.(event)) return { ended: 'for', shown, lost: queue.lost }
      if (shown === count) return { ended: 'count', shown, lost: queue.lost }
    }
    signal.throwIfAborted()
    const left = deadline - performance.now()
    if (left <= 0) return { ended: 'time', shown, lost: queue.lost }
    if (!connection.isAlive()) throw hostLost()
    await queue.more(Math.min(left, lookEvery), signal)
  }
}

/** Events that were heard and not yet told. */
class Waiting {
  lost = 0
  #events: HostEvent[] = []
  #error: unknown
  #wake: () => void = () => undefined

  add(event: HostEvent): void {
    if (this.#events.length >= mostWaiting) {
      this.#events.splice(0, mostWaiting / 10)
      this.lost += mostWaiting / 10
    }
    this.#events.push(event)
    this.#wake()
  }

  fail(error: unknown): void {
    this.#error ??= error
    this.#wake()
  }

  take(): HostEvent | undefined {
    if (this.#error !== undefined) throw this.#error instanceof Error ? this.#error : new Error('an event could not be read')
    return this.#events.shift()
  }

  /** Resolves with the next event, with the signal, or after so many milliseconds. */
  more(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#events.length > 0 || this.#error !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wake = () => undefined
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done, { once: true })
      this.#wake = done
    })
  }
}

function hostLost(): BayError {
  return new BayError('cannot-connect', 'the connection to the host was lost', {
    retryable: true, hints: ['is libvirtd (or virtqemud) running on that host? systemctl status libvirtd'],
  })
}
