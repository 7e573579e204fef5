import { setTimeout as sleep } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'
import type { WaitOptions } from '../watch.js'
import { endInGuest, startInGuest, type GuestCommand, type GuestEnd } from './agent-exec.js'
import { mustHaveAgent } from './agent.js'

/** How long the agent may take for one answer, in seconds; it only begins a process or looks at one. */
const answerWithin = 10

/** What an emulated guest was seen to read of its input, in bytes a second, or more: the answer comes after all of it. */
const slowestInput = 10_000

/** Milliseconds between two looks, for the agent tells nobody that a process has ended: short at first, then ever longer. */
const firstPause = 50
const longestPause = 1000

/** How long (ms) an agent may stay silent while its command runs: a guest under load answers late. */
const patience = 60_000

/**
 * Runs a command in the guest by its agent and waits for its end.
 * @throws BayError `wrong-state` without an agent; `timeout`, `interrupted` and `terminated` name the process that goes on in
 * the guest; `failed` when the guest cannot run it
 */
export async function execInVm(domain: Domain, command: GuestCommand, options: WaitOptions): Promise<GuestEnd & { pid: number }> {
  const deadline = performance.now() + (options.timeout ?? Infinity)
  mustHaveAgent(domain)
  const forInput = Math.ceil((command.input?.length ?? 0) / slowestInput)
  const pid = await startInGuest(domain, command, withinDeadline(deadline, answerWithin + forInput))
  const end = await endOf(domain, pid, deadline, options.signal)
  return { pid, ...end }
}

async function endOf(domain: Domain, pid: number, deadline: number, signal: AbortSignal | undefined): Promise<GuestEnd> {
  let heard = performance.now()
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    try {
      const end = await endInGuest(domain, pid, withinDeadline(deadline))
      if (end) return end
      heard = performance.now()
    } catch (error) {
      if (!isSilence(error)) throw await explained(error, domain, pid)
      if (performance.now() - heard > patience) throw goesOn('timeout', error.message, pid, domain)
    }
    const left = deadline - performance.now()
    if (left <= 0) throw goesOn('timeout', 'the command has not ended in time', pid, domain)
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => undefined)
    if (signal?.aborted) throw stopped(signal.reason, pid, domain)
  }
}

function withinDeadline(deadline: number, atMost = answerWithin): number {
  return Math.max(1, Math.min(atMost, Math.ceil((deadline - performance.now()) / 1000)))
}

function isSilence(error: unknown): error is BayError {
  return error instanceof BayError && error.code === 'timeout'
}

function stopped(reason: unknown, pid: number, domain: Domain): unknown {
  if (!(reason instanceof BayError)) return reason
  return goesOn(reason.code, reason.code === 'terminated' ? 'terminated' : 'interrupted', pid, domain)
}

function goesOn(code: BayError['code'], what: string, pid: number, domain: Domain): BayError {
  return new BayError(code, `${what}; it goes on in the guest as process ${pid}`, {
    retryable: false, hints: [sh`to end it: bay vm exec ${domain.name()} -- kill ${pid}`],
  })
}

/** What can be said of a look that failed, when the process may well have ended. */
async function explained(error: unknown, domain: Domain, pid: number): Promise<unknown> {
  if (error instanceof VirtError) return await isTooMuch(error, domain, pid) ? lostOutput(error, pid) : error
  if (!(error instanceof BayError)) return error
  return new BayError(error.code, `${error.message}; what became of process ${pid} is not known`, { hints: error.hints, cause: error })
}

/**
 * libvirt gives no answer of more than 4 MiB to its clients, and closes the agent's channel at one of more than 10 MiB.
 * Its first number is that of a lost connection too, but over one that is lost nobody answers a second time.
 */
async function isTooMuch(error: VirtError, domain: Domain, pid: number): Promise<boolean> {
  if (!error.is(failure.rpc, failure.systemError)) return false
  const second = await endInGuest(domain, pid, answerWithin).catch((reason: unknown) => reason)
  return !(second instanceof VirtError)
}

function lostOutput(cause: VirtError, pid: number): BayError {
  return new BayError('failed', `process ${pid} has ended, and what it printed is lost, for it is more than the 3 MB that libvirt passes on: ${cause.message}`, {
    cause, hints: [
      'write it into a file in the guest, or end the command with | head -c 3M in a sh -c',
      'if the agent does not answer any more, in the guest: systemctl restart qemu-guest-agent',
    ],
  })
}
