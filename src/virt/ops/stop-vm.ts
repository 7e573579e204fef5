import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError, failure } from '../errors.js'
import { Watch } from '../watch.js'
import { askGuest } from './ask-guest.js'
import { refuseProtected } from './protect-vm.js'

export interface StopOptions {
  dryRun: boolean
  /** pull the plug at once */
  force?: boolean
  /** milliseconds after which a guest that was asked is forced */
  forceAfter?: number
  /** milliseconds to wait for the guest */
  timeout?: number
  /** return once the guest was asked */
  noWait?: boolean
}

export interface Stopped {
  changed: boolean
  said: string
  /** how it went down: `guest`, `forced`, `crashed`, another of libvirt's reasons; null when it did not */
  how: string | null
  /** seconds it took */
  seconds: number
}

/**
 * Brings a machine down by asking its guest, again and again while that may still be booting and deaf, and waits
 * until it is off. Force is used only when it was asked for.
 * @throws BayError `timeout` when the guest does not go down, `wrong-state` when it cannot be asked
 */
export async function stopVm(connection: Connection, domain: Domain, options: StopOptions): Promise<Stopped> {
  const began = Date.now()
  const { state } = domain.state()
  const done = (said: string, how: string | null): Stopped => (
    { changed: true, said, how, seconds: (Date.now() - began) / 1000 }
  )
  if (state === 'off') return { changed: false, said: 'already off', how: null, seconds: 0 }
  refuseProtected(domain, 'stop')
  const deaf = state === 'paused' || state === 'suspended' || state === 'crashed'
  const force = options.force || (deaf && options.forceAfter !== undefined)
  if (deaf && !force) throw cannotBeAsked(domain.name(), state)
  if (options.dryRun) return { ...done(force ? 'would be forced off' : 'would be asked to shut down', null), seconds: 0 }
  if (force) {
    await forceOff(domain)
    return done('forced off', 'forced')
  }
  if (options.noWait) {
    await askGuest(domain, (flags) => domain.shutdown(flags))
    return done('was asked to shut down', null)
  }
  using watch = new Watch(connection)
  const reason = await askUntilOff(watch, domain, options)
  return done(...howItWentDown(reason))
}

function cannotBeAsked(name: string, state: string): BayError {
  const wake = state === 'crashed' ? [] : [sh`bay vm start ${name} to let it run on, then stop it`]
  return new BayError('wrong-state', `it is ${state}, so its guest cannot be asked to shut down`, {
    hints: [...wake, sh`bay vm stop --force ${name} to pull its plug`],
  })
}

/** Milliseconds between one request and the next: a guest that boots loses the first ones, one that runs needs no more. */
const askAgainAfter = [2000, 4000, 8000, 15_000, 30_000]

const defaultTimeout = 120_000

async function askUntilOff(watch: Watch, domain: Domain, { timeout, forceAfter }: StopOptions): Promise<string> {
  const limit = forceAfter ?? timeout ?? defaultTimeout
  const deadline = Date.now() + limit
  for (let round = 0; ; round += 1) {
    await askUnlessOff(domain)
    const pause = askAgainAfter[Math.min(round, askAgainAfter.length - 1)] ?? limit
    const left = deadline - Date.now()
    const off = await offWithin(watch, domain, Math.min(pause, left))
    if (off !== undefined) return off
    if (left > pause) continue
    if (forceAfter === undefined) throw stillRunning(domain, limit)
    await forceOff(domain)
    return 'destroyed'
  }
}

async function offWithin(watch: Watch, domain: Domain, timeout: number): Promise<string | undefined> {
  try {
    return await watch.until(() => offReason(domain), { timeout: Math.max(timeout, 0) })
  } catch (error) {
    if (error instanceof BayError && error.code === 'timeout' && !(error instanceof VirtError)) return undefined
    throw error
  }
}

/** Why it is off, or undefined while it is not. A machine without a definition is gone once it is off. */
function offReason(domain: Domain): string | undefined {
  try {
    const { state, reason } = domain.state()
    return state === 'off' ? reason : undefined
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noDomain)) return 'gone'
    throw error
  }
}

async function askUnlessOff(domain: Domain): Promise<void> {
  try {
    await askGuest(domain, (flags) => domain.shutdown(flags))
  } catch (error) {
    if (offReason(domain) === undefined) throw error
  }
}

async function forceOff(domain: Domain): Promise<void> {
  try {
    await domain.destroy()
  } catch (error) {
    if (offReason(domain) === undefined) throw error
  }
}

function stillRunning(domain: Domain, limit: number): BayError {
  const name = domain.name()
  return new BayError('timeout', `${name} was asked to shut down and still runs after ${limit / 1000} s`, {
    hints: [sh`bay vm stop --timeout 5m ${name} to give it longer`, sh`bay vm stop --force-after 60s ${name}, or with --force, to pull its plug`],
  })
}

function howItWentDown(reason: string): [said: string, how: string] {
  switch (reason) {
    case 'shutdown': return ['shut down by its guest', 'guest']
    case 'destroyed': return ['forced off', 'forced']
    case 'gone': return ['off, and gone: it had no definition', 'gone']
    default: return [`off (${reason})`, reason]
  }
}
