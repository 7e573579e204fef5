import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { Watch } from '../watch.js'
import { askGuest } from './ask-guest.js'
import { isInProcess } from './in-process.js'
import { markRebootAsked, markRun } from './run-mark.js'
import { newestLease } from './vm-addresses.js'

export interface RebootOptions {
  /** milliseconds to wait for the guest to come down and begin again */
  timeout: number
  noWait?: boolean
}

/**
 * Asks the guest to reboot and waits until it did: until its machine was reset. That begins a new run: its address is
 * one that it gets from then on.
 * @throws BayError `timeout`, `wrong-state`
 */
export async function rebootVm(connection: Connection, domain: Domain, { timeout, noWait }: RebootOptions): Promise<void> {
  const { state } = domain.state()
  if (state !== 'running' && state !== 'blocked') {
    throw new BayError('wrong-state', `it is ${state}, so its guest cannot be asked to reboot`, { hints: [sh`bay vm start ${domain.name()}`] })
  }
  const leaseBefore = newestLease(connection, domain)
  using rebooted = new Watch(connection, { domain, only: 'reboot' })
  // Before it is asked, for it may be quick: whoever waits for its address waits for one after this.
  markRebootAsked(domain, { leaseBefore })
  await askGuest(domain, (flags) => domain.reboot(flags))
  // The test driver reboots at once, and tells nobody.
  if (noWait || isInProcess(connection.uri())) return
  await rebooted.event({ timeout }, () => mustBeOn(domain)).catch((error: unknown) => {
    if (!(error instanceof BayError) || error instanceof VirtError || error.code !== 'timeout') throw error
    throw new BayError('timeout', `${domain.name()} was asked to reboot and has not after ${timeout / 1000} s`, {
      hints: [sh`bay vm reset ${domain.name()} presses the reset button: the guest loses what it has not written`],
    })
  })
  markRun(domain, { leaseBefore })
}

/** Some guests go off instead, and a host that is lost tells nothing any more. */
function mustBeOn(domain: Domain): void {
  if (domain.state().state !== 'off') return
  throw new BayError('wrong-state', `${domain.name()} went off instead of rebooting`, { hints: [sh`bay vm start ${domain.name()}`] })
}
