import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { interruptible } from './interrupt.js'
import type { NewVm } from './new-vm.js'
import type { VmPlan } from './plan-vm.js'
import { flagsOf, parseConditions, type Condition } from './wait-condition.js'
import { waitForVm } from './wait-vm.js'

/**
 * What is waited for once a machine is made; nothing more when it need only run, for then it does.
 * @throws UsageError for what is no condition, or what this machine could never be
 */
export function conditionsOfNew(texts: readonly string[], { nics, start }: Pick<NewVm, 'nics' | 'start'>): Condition[] {
  const named = texts.filter((text) => text !== 'none')
  if (named.length > 0 && named.length < texts.length) throw new UsageError('--wait none excludes the others')
  const conditions = parseConditions(named, '--wait')
  const network = conditions.find(({ kind }) => kind === 'ip' || kind === 'port')
  if (network && nics.length === 0) throw new UsageError(`--wait ${network.text}: a machine without a network interface will never have an address`)
  return !start || conditions.every(({ kind }) => kind === 'running') ? [] : conditions
}

/**
 * Waits for a machine that was just created and started. It stays, whatever comes of the wait.
 * @throws BayError `timeout`, `wrong-state`, `interrupted`, `terminated`: each says that it is there
 */
export async function waitForNewVm(
  connection: Connection, { uuid, request: { name } }: Pick<VmPlan, 'uuid' | 'request'>, conditions: readonly Condition[],
  { timeout, report }: { timeout: number, report: (step: string) => void },
): Promise<{ addresses?: string[] }> {
  if (conditions.length === 0) return {}
  using domain = connection.domainByUuid(uuid)
  const there = 'created and started'
  try {
    return await interruptible(
      (signal) => {
        report(`waiting for ${conditions.map(({ text }) => text).join(', ')}`)
        return waitForVm(connection, domain, conditions, { timeout, signal, after: `${there}, but ` })
      },
      (how) => ({ message: `vm ${name}: ${there}; the wait was ${how}`, hints: [sh`bay vm wait ${{ flags: flagsOf(conditions) }} ${name}`] }),
    )
  } catch (error) {
    if (!(error instanceof BayError) || error.code !== 'wrong-state') throw error
    throw Object.assign(error, { message: `${name}: ${there}, but ${error.message}` })
  }
}
