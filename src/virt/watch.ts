import { BayError } from '../errors.js'
import type { Connection } from './connection.js'
import type { Domain } from './domain.js'
import { call, errorResetCallback, hasError, plantError } from './raw/bind.js'
import { harmlessCallback, runEventLoop } from './raw/pump.js'

/** virDomainEventID: those after which a machine is worth another look */
const watchedEvents = { lifecycle: 0, reboot: 1, pmWakeup: 11, pmSuspend: 12, pmSuspendDisk: 14, agentLifecycle: 18 }

/** Even without an event everybody looks again this often (ms): leases, for one, come without any. */
const lookAgainAfter = 500

export interface WaitOptions {
  /** milliseconds from now; absent waits for ever */
  timeout?: number
  /** ends the wait with the reason that it was given */
  signal?: AbortSignal
}

/** Waits for things to become true on a host, woken by libvirt's own events. Dispose of it to stop listening. */
export class Watch implements Disposable {
  readonly #connection: Connection
  readonly #registrations: number[] = []
  readonly #looks = new Set<() => void>()
  readonly #stop: () => void

  constructor(connection: Connection) {
    this.#connection = connection
    this.#stop = runEventLoop(() => { for (const look of [...this.#looks]) look() })
    for (const event of Object.values(watchedEvents)) this.#register(event)
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

  [Symbol.dispose](): void {
    this.#stop()
    if (this.#connection.disposed) return
    for (const id of this.#registrations.splice(0)) call.virConnectDomainEventDeregisterAny(this.#connection.pointer, id)
  }

  #register(event: number): void {
    this.#registrations.push(call.virConnectDomainEventRegisterAny(
      this.#connection.pointer, null, event, harmlessCallback(), 0n, 0n,
    ))
  }
}

/**
 * Remembers that a machine rebooted. An event as such cannot be told apart, for C never calls JavaScript; so its callback
 * is virConnResetLastError, and the flag is an error on the connection: planted here, gone once the event came in.
 * https://libvirt.org/html/libvirt-virterror.html#virConnResetLastError
 */
export class EventFlag implements Disposable {
  readonly #connection: Connection
  readonly #registration: number
  readonly #stop: () => void

  constructor(connection: Connection, domain: Domain) {
    this.#connection = connection
    this.#stop = runEventLoop(() => undefined)
    plantError(connection.pointer)
    this.#registration = call.virConnectDomainEventRegisterAny(
      connection.pointer, domain.pointer, watchedEvents.reboot, errorResetCallback(), 0n, 0n,
    )
  }

  raised(): boolean {
    return !hasError(this.#connection.pointer)
  }

  [Symbol.dispose](): void {
    this.#stop()
    if (!this.#connection.disposed) call.virConnectDomainEventDeregisterAny(this.#connection.pointer, this.#registration)
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
