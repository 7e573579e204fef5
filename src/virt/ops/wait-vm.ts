import { BayError } from '../../errors.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError, failure } from '../errors.js'
import { Watch, type WaitOptions } from '../watch.js'
import { addressesByMac } from './vm-addresses.js'

export const conditions = ['running', 'off', 'paused', 'ip', 'agent'] as const
export type Condition = typeof conditions[number]

export interface Waited {
  /** the addresses, when it was waited for one */
  addresses?: string[]
}

/**
 * Waits until a machine is running, off or paused, has an address of this run, or its agent answers.
 * @throws BayError `timeout`; `wrong-state` when it goes off while something was waited for that needs it on
 */
export async function waitForVm(
  connection: Connection, domain: Domain, condition: Condition, options: WaitOptions,
): Promise<Waited> {
  using watch = new Watch(connection)
  try {
    return await watch.until(looks[condition](connection, domain), options)
  } catch (error) {
    if (error instanceof BayError && error.code === 'timeout' && !(error instanceof VirtError)) {
      throw tooLate(domain.name(), condition, options.timeout ?? 0)
    }
    throw error
  }
}

type Look = (connection: Connection, domain: Domain) => () => Waited | undefined

const looks: Record<Condition, Look> = {
  running: stateLook('running'),
  off: stateLook('off'),
  paused: stateLook('paused'),
  ip: addressLook,
  agent: (_, domain) => () => {
    mustBeOn(domain, 'agent')
    return readDomain(domain.xml()).agentChannel.connected ? {} : undefined
  },
}

function stateLook(wanted: 'running' | 'off' | 'paused'): Look {
  return (_, domain) => () => {
    const state = stateOf(domain)
    return state === wanted ? {} : undefined
  }
}

function addressLook(connection: Connection, domain: Domain): () => Waited | undefined {
  const { nics, name } = readDomain(domain.xml())
  if (nics.length === 0) throw new BayError('wrong-state', `${name} has no network interface, so it will never have an address`)
  return () => {
    mustBeOn(domain, 'ip')
    const addresses = [...addressesByMac(connection, domain, nics).values()].flat().map(({ address }) => address)
    return addresses.length > 0 ? { addresses } : undefined
  }
}

/** A machine that is off gets neither an address nor an agent, unless somebody starts it: waiting on would be in vain. */
function mustBeOn(domain: Domain, condition: Condition): void {
  const state = stateOf(domain)
  if (state !== 'off' && state !== 'crashed') return
  throw new BayError('wrong-state', `it is ${state}, so waiting for ${condition} is in vain`, { hints: [`bay vm start ${domain.name()}`] })
}

/** A machine without a definition is gone once it is off. */
function stateOf(domain: Domain): string {
  try {
    return domain.state().state
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noDomain)) return 'off'
    throw error
  }
}

function tooLate(name: string, condition: Condition, timeout: number): BayError {
  return new BayError('timeout', `${name}: not ${words[condition]} after ${timeout / 1000} s`, {
    hints: [`bay vm show ${name}`, `bay vm wait ${name} --for ${condition} --timeout 10m to wait longer`],
  })
}

const words: Record<Condition, string> = {
  running: 'running', off: 'off', paused: 'paused', ip: 'in possession of an address', agent: 'answering through its agent',
}
