import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { finishInstall } from './finish-install.js'
import { interruptible } from './interrupt.js'
import type { VmPlan } from './plan-vm.js'
import { pressAnyKey } from './start-installer.js'

interface NewInstallOptions {
  /** what `--wait` says */
  wait: readonly string[]
  /** milliseconds for all that is waited for */
  timeout?: number
  report: (step: string) => void
}

interface Installed {
  /** null for a machine that needs no install, false when it was not waited for */
  installed: boolean | null
  /** milliseconds that are left */
  left: number
}

const patience = 300_000
const patienceForInstall = 2 * 3_600_000

/**
 * What follows the start of a new machine's installer: the key that some discs ask for, and, when it is waited for, all that
 * makes the machine an installed one.
 * @throws what `finishInstall` throws, `interrupted` or `terminated`; the machine stays, and so does what is left to do
 */
export async function installNewVm(
  connection: Connection, { uuid, install, request: { name } }: VmPlan, { wait, timeout, report }: NewInstallOptions,
): Promise<Installed> {
  if (!install) return { installed: null, left: timeout ?? patience }
  timeout ??= patienceForInstall
  const end = performance.now() + timeout
  const waited = !wait.includes('none')
  using domain = connection.domainByUuid(uuid)
  await interruptible(async (signal) => {
    if (install.answers.during.pressKey) {
      report('pressing a key for some seconds, so that it starts from its disc')
      await pressAnyKey(domain, signal)
    }
    if (waited) await finishInstall(connection, domain, { timeout, signal, report, off: wait.includes('off') })
  }, (how) => ({ message: `${how}; the install of ${name} goes on`, hints: [sh`bay vm wait --for installed --timeout 2h ${name} finishes it, at any time`] }))
  return { installed: waited, left: Math.max(end - performance.now(), 0) }
}
