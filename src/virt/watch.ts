import { BayError } from '../errors.js'
import type { Connection } from './connection.js'
import type { Domain } from './domain.js'
import { watchedEvents } from './flags.js'
import { call, EventFlag } from './raw/bind.js'
import { holdEventLoop } from './raw/event-loop.js'

/** How often (ms) the flag that an event lowers is looked at; that costs no call. */
const flagEvery = 20

/** Even without an event everybody looks again this often (ms): leases, for one, come without any. */
const lookAgainAfter = 500

export interface WaitOptions {
  /** milliseconds from now; absent waits for ever */
  timeout?: number
  /** ends the wait with the reason that it was given */
  signal?: AbortSignal
}

export interface WatchOptions {
  /** only this machine's events */
  domain?: Domain
  /** only this kind of event */
  only?: keyof typeof watchedEvents
}

/** Waits for things to become true on a host, woken by libvirt's own events. Dispose of it to stop listening. */
export class Watch implements Disposable {
  readonly #connection: Connection
  readonly #registrations: number[] = []
  readonly #looks = new Set<() => void>()
  readonly #release: () => void
  readonly #flag: EventFlag
  readonly #timer: NodeJS.Timeout
  #happened = false

  constructor(connection: Connection, { domain, only }: WatchOptions = {}) {
    this.#connection = connection
    this.#release = holdEventLoop()
    this.#flag = new EventFlag(connection.pointer)
    this.#timer = setInterval(() => this.#lookAfterEvent(), flagEvery)
    for (const event of only === undefined ? Object.values(watchedEvents) : [watchedEvents[only]]) {
      this.#registrations.push(call.virConnectDomainEventRegisterAny(
        connection.pointer, domain?.pointer ?? null, event, EventFlag.lowerer(), 0n, 0n,
      ))
    }
  }

  /**
   * Waits for an event that came since the watch began, or since the last one that was waited for.
   * @throws BayError `timeout`; whatever `meanwhile` throws, which is called as often as `until` looks; the signal's reason
   */
  async event(options: WaitOptions = {}, meanwhile?: () => void): Promise<void> {
    await this.until(() => {
      meanwhile?.()
      return this.#happened || undefined
    }, options)
    this.#happened = false
  }

  /**
   * Calls `look` now, after each event and at least twice a second, until it gives something other than undefined.
   * @throws BayError `timeout`; whatever `look` throws; the signal's reason
   */
  until<T>(look: () => T | undefined, options: WaitOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = () => {
        try {
          const found = look()
          if (found !== undefined) finish(() => resolve(found))
        } catch (error) {
          finish(() => reject(asError(error)))
        }
      }
      const expire = () => finish(() => reject(new BayError('timeout', 'it did not happen in time')))
      const abort = () => finish(() => reject(asError(options.signal?.reason)))
      const repeat = setInterval(attempt, lookAgainAfter)
      const deadline = options.timeout === undefined ? undefined : setTimeout(expire, options.timeout)
      const finish = (settle: () => void) => {
        clearInterval(repeat)
        clearTimeout(deadline)
        options.signal?.removeEventListener('abort', abort)
        this.#looks.delete(attempt)
        settle()
      }
      this.#looks.add(attempt)
      options.signal?.addEventListener('abort', abort, { once: true })
      if (options.signal?.aborted) abort()
      else attempt()
    })
  }

  /** Makes everybody who waits look again, as after an event. */
  wake(): void {
    for (const look of [...this.#looks]) look()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#release()
    // A connection that is lost has no registrations any more.
    if (this.#connection.disposed || !this.#connection.isAlive()) return
    for (const id of this.#registrations.splice(0)) call.virConnectDomainEventDeregisterAny(this.#connection.pointer, id)
  }

  #lookAfterEvent(): void {
    if (this.#connection.disposed || this.#flag.isUp()) return
    this.#flag.raise()
    this.#happened = true
    this.wake()
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
