import { BayError, DiagnosedError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { Watch, type WaitOptions } from '../watch.js'
import { ConsoleTail } from './console-tail.js'
import { diagnoseVm } from './diagnose-vm.js'
import { finishInstall } from './finish-install.js'
import { isInProcess } from './in-process.js'
import { flagsOf, type Condition } from './wait-condition.js'
import { Looks, type Met } from './wait-looks.js'

export interface Waited {
  /** whether an install was finished on the way; else a wait only looks */
  changed: boolean
  /** each condition, in their order, with when it came true */
  conditions: Met[]
  /** the addresses, when it was waited for one */
  addresses?: string[]
}

export interface WaitForOptions extends WaitOptions {
  /** what was done before, for the error, such as `created and started, but ` */
  after?: string
}

/**
 * Waits until all the conditions are true of a machine at the same time. To be `installed` is more than a look: what an
 * install has left to do is done first.
 * @throws BayError `timeout`; `wrong-state` when it goes off while something is waited for that needs it on
 */
export async function waitForVm(
  connection: Connection, domain: Domain, conditions: readonly Condition[], options: WaitForOptions,
): Promise<Waited> {
  const until = performance.now() + (options.timeout ?? 0)
  const finishing = conditions.some(({ kind }) => kind === 'installed')
  const changed = finishing && (await finishInstall(connection, domain, options)).changed
  const timeout = options.timeout === undefined ? undefined : Math.max(until - performance.now(), 0)
  using watch = new Watch(connection)
  const deadline = performance.now() + (timeout ?? Infinity)
  await using looks = new Looks({ connection, domain, conditions, wake: () => watch.wake(), deadline })
  const already = looks.all()
  if (already) return { ...waited(already), changed }
  // From the beginning, for what was said before somebody listened is lost.
  using console = new ConsoleTail(domain)
  try {
    return { ...waited(await watch.until(() => looks.all(), { ...options, timeout })), changed }
  } catch (error) {
    if (!(error instanceof BayError) || error instanceof VirtError) throw error
    if (error.code !== 'timeout' && error.code !== 'wrong-state') throw error
    const why = error.code === 'timeout' ? tooLate(domain.name(), conditions, looks.missing(), options) : error
    // The test driver has no guests, and only plays failures.
    if (isInProcess(connection.uri())) throw why
    const { cloudInit } = looks
    const facts = { connection, domain, missing: looks.missing(), ports: looks.ports(), cloudInit, console }
    throw new DiagnosedError(why, await diagnoseVm(facts))
  }
}

function waited(conditions: Met[]): Omit<Waited, 'changed'> {
  return { conditions, addresses: conditions.find(({ condition }) => condition === 'ip')?.addresses ?? undefined }
}

function tooLate(
  name: string, conditions: readonly Condition[], missing: readonly Condition[], { after = '', timeout = 0 }: WaitForOptions,
): BayError {
  const what = missing.map((each) => `not ${wordsFor(each)}`).join(', ')
  return new BayError('timeout', `${name}: ${after}${what} after ${timeout / 1000} s`, {
    hints: [sh`bay vm show ${name}`, sh`bay vm wait ${{ flags: flagsOf(conditions) }} --timeout 10m ${name} to wait longer`],
  })
}

function wordsFor(condition: Condition): string {
  switch (condition.kind) {
    case 'ip': return 'in possession of an address'
    case 'agent': return 'answering through its agent'
    case 'cloud-init': return 'done with cloud-init'
    case 'port': return `reached on port ${condition.port}`
    default: return condition.kind
  }
}
