import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import type { GuestEnd } from './agent-exec.js'
import { execInVm } from './exec-vm.js'

/** Milliseconds between two questions: each is a process in the guest, which has enough to do. */
const between = 1500

/** How long (ms) one answer may take: a guest that boots is slow. */
const patience = 60_000

interface Options {
  /** hears of each answer that matters */
  wake: () => void
  /** by performance.now() */
  deadline: number
}

/** Asks cloud-init in a guest, by its agent, whether it has ended. Dispose of it to stop asking: the last question ends first. */
export class CloudInitProbe implements AsyncDisposable {
  readonly #domain: Domain
  readonly #options: Options
  readonly #ended = new AbortController()
  #asking: Promise<void> | undefined
  #done = false
  #failed: Error | undefined
  /** what it last said of itself, or why it could not be asked; null while it has not been heard */
  said: string | null = null

  constructor(domain: Domain, options: Options) {
    this.#domain = domain
    this.#options = options
  }

  /** Whether it has ended well; asks while that is not known. @throws BayError once it has failed, or never will run */
  look(agent: { connected: boolean | null }): boolean {
    if (this.#failed) throw this.#failed
    if (!this.#done && agent.connected) this.#asking ??= this.#ask().finally(() => { this.#asking = undefined })
    return this.#done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new BayError('interrupted', 'nobody waits for cloud-init any more'))
    await this.#asking
  }

  async #ask(): Promise<void> {
    const { signal } = this.#ended
    const timeout = Math.max(Math.min(patience, this.#options.deadline - performance.now()), 0)
    try {
      const end = await execInVm(this.#domain, { path: 'cloud-init', args: ['status', '--long'], env: [] }, { timeout, signal })
      this.#judge(end)
    } catch (error) {
      this.#judgeFailure(error)
    }
    if (this.#done || this.#failed) this.#options.wake()
    else await pause(between, undefined, { signal }).catch(() => undefined)
  }

  #judge(end: GuestEnd): void {
    const { status, text } = readStatus(end)
    this.said = text
    if (status === 'done' || status === 'degraded') this.#done = true
    if (status === 'error') this.#failed = failedInGuest(this.#domain.name(), text)
    if (status === 'disabled') this.#failed = neverRuns(this.#domain.name(), 'it is disabled')
  }

  /** An agent that is away, or slow, while the guest boots is no answer; one that has no such program is. */
  #judgeFailure(error: unknown): void {
    if (!(error instanceof BayError)) {
      this.#failed = error instanceof Error ? error : new Error(String(error))
      return
    }
    if (error.code === 'interrupted' || error.code === 'terminated') return
    this.said = error.message
    if (/No such file or directory/.test(error.message)) this.#failed = neverRuns(this.#domain.name(), 'the guest has no such program')
    else if (/switched off/.test(error.message)) this.#failed = error
  }
}

/** `status: done`, and below it what happened. https://docs.cloud-init.io/en/latest/howto/status.html */
export function readStatus({ stdout, stderr, exitCode }: Pick<GuestEnd, 'stdout' | 'stderr' | 'exitCode'>): { status: string, text: string } {
  const lines = stdout.subarray(0, 4096).toString('utf8').split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const status = lines.flatMap((line) => /^status: (.*)$/.exec(line)?.[1] ?? [])[0] ?? ''
  const text = lines.length > 0 ? lines.join('; ') : stderr.subarray(0, 512).toString('utf8').trim() || `it ended with ${exitCode}`
  return { status: status.replace(/^degraded .*$/, 'degraded'), text }
}

function failedInGuest(name: string, text: string): BayError {
  return new BayError('failed', `cloud-init has failed in ${name}: ${text}`, {
    hints: [sh`bay vm exec ${name} -- cat /var/log/cloud-init-output.log`, sh`bay vm exec ${name} -- cloud-init status --long`],
  })
}

function neverRuns(name: string, why: string): BayError {
  return new BayError('wrong-state', `cloud-init will never be done in ${name}: ${why}`, { hints: ['--for agent waits for the guest without it'] })
}
