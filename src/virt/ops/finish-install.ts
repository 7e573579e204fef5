import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { InstallMark } from '../../xml/install-mark.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { Watch, type WaitOptions } from '../watch.js'
import { lockName } from './host-lock.js'
import { clearInstall, installState, readInstall } from './install-state.js'
import { leaveInstall } from './leave-install.js'
import { startVm } from './start-vm.js'

export interface FinishOptions extends WaitOptions {
  /** hears of each step as it begins */
  report?: (step: string) => void
  /** leave it off at the end */
  off?: boolean
}

/**
 * Waits until a machine's system is installed, takes away what the install needed, and starts the machine. Whatever becomes
 * of the wait, the install goes on, and the next call finishes it, as it does after a run that was killed in between.
 * A machine that is not being installed is left alone.
 * @throws BayError `timeout`; `wrong-state` when the install was cut; `failed` when nothing was installed; the signal's reason
 */
export async function finishInstall(
  connection: Connection, domain: Domain, options: FinishOptions,
): Promise<{ changed: boolean }> {
  const { report, signal, off } = options
  const mark = readInstall(domain)
  if (mark === null) return { changed: false }
  report?.('installing, until the machine turns itself off')
  await untilOver(connection, domain, mark, options)
  using _lock = await lockName(connection.uri(), 'vm', domain.name(), signal)
  // Another run may have waited too.
  if (readInstall(domain) === null) return { changed: false }
  report?.(`deleting what the installer needed${off ? '' : ', and starting it'}`)
  if (off || domain.isActive()) {
    await leaveInstall(connection, domain, mark)
    clearInstall(domain)
  } else {
    await startVm(connection, domain, { dryRun: false })
  }
  return { changed: true }
}

async function untilOver(
  connection: Connection, domain: Domain, mark: InstallMark, { timeout, signal }: FinishOptions,
): Promise<void> {
  const name = domain.name()
  using watch = new Watch(connection)
  try {
    const state = await watch.until(() => {
      const now = installState(domain, mark)
      return now.is === 'running' ? undefined : now
    }, { timeout, signal })
    if (state.is === 'cut') throw wasCut(name, state.how)
  } catch (error) {
    if (!(error instanceof BayError) || error instanceof VirtError || error.code !== 'timeout') throw error
    throw new BayError('timeout', `${name} is not installed after ${(timeout ?? 0) / 1000} s; the install goes on`, {
      hints: [sh`bay vm wait --for installed --timeout 2h ${name} finishes it, at any time`, sh`bay vm display ${name} shows it`],
    })
  }
}

function wasCut(name: string, how: string): BayError {
  return new BayError('wrong-state', `the install of ${name} did not come to its end: ${how}`, {
    hints: [sh`bay vm delete ${name}, and create it again`, sh`bay vm start ${name} to start what is on its disk all the same`],
  })
}
