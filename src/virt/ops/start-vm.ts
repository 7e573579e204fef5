import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { Watch } from '../watch.js'
import { Bases } from './check-base.js'
import { clearInstall, readInstall } from './install-state.js'
import { leaveInstall } from './leave-install.js'
import { markRun } from './run-mark.js'
import { newestLease } from './vm-addresses.js'

export interface StartOptions {
  dryRun: boolean
  /** milliseconds for a machine that is still shutting down to be off */
  timeout?: number
  /** shared by all that one run starts */
  bases?: Bases
}

export interface Started {
  changed: boolean
  said: string
  /** what the machine was before */
  from: string
}

/** Brings a machine into the state running, whatever state it is in. */
export async function startVm(connection: Connection, domain: Domain, options: StartOptions): Promise<Started> {
  const { state } = domain.state()
  switch (state) {
    case 'running': case 'blocked': case 'none':
      return { changed: false, said: 'already running', from: state }
    case 'paused':
      return change('resumed', state, options, () => domain.resume())
    case 'suspended':
      return change('woken up', state, options, () => domain.wakeUp())
    case 'off':
      return startFromOff(connection, domain, options)
    case 'stopping':
      await waitUntilOff(connection, domain, options)
      return startFromOff(connection, domain, options)
    case 'crashed':
      throw new BayError('wrong-state', 'it has crashed and is kept for a look', {
        hints: [sh`bay vm stop --force ${domain.name()} && bay vm start ${domain.name()}`],
      })
    default:
      throw new BayError('wrong-state', `it is in a state that is not known here: ${state}`)
  }
}

async function startFromOff(connection: Connection, domain: Domain, options: StartOptions): Promise<Started> {
  const saved = domain.hasSavedState()
  const { bases = new Bases() } = options
  bases.refuse(connection, domain)
  return change(saved ? 'restored from its saved state' : 'started', saved ? 'saved' : 'off', options, async () => {
    const leaseBefore = newestLease(connection, domain)
    const install = saved ? null : readInstall(domain)
    if (install) await leaveInstall(connection, domain, install)
    await domain.start()
    // A restored guest keeps the address that it had.
    markRun(domain, { leaseBefore: saved ? 0 : leaseBefore })
    if (install) clearInstall(domain)
  })
}

async function change(said: string, from: string, { dryRun }: StartOptions, run: () => void | Promise<void>): Promise<Started> {
  if (dryRun) return { changed: true, said: `would be ${said}`, from }
  await run()
  return { changed: true, said, from }
}

async function waitUntilOff(connection: Connection, domain: Domain, { timeout = 120_000 }: StartOptions): Promise<void> {
  using watch = new Watch(connection)
  await watch.until(() => domain.state().state === 'off' || undefined, { timeout })
}
