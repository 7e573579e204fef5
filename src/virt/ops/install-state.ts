import { installNamespace, readInstallMark, type InstallMark } from '../../xml/install-mark.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Domain } from '../domain.js'
import { VirtError, failure } from '../errors.js'
import { affect } from '../flags.js'
import { unlessGone } from './gone.js'

/** The mark of a machine whose install is not over, or has left something; null for every other. */
export function readInstall(domain: Domain): InstallMark | null {
  const xml = unlessGone(() => domain.metadata(installNamespace), failure.noMetadata, failure.noSupport)
  return xml === null ? null : readInstallMark(xml)
}

/** Nothing of the install is left. */
export function clearInstall(domain: Domain): void {
  domain.setMetadata(installNamespace, 'bayinstall', null, affect.config)
  if (!domain.isActive()) return
  try {
    domain.setMetadata(installNamespace, 'bayinstall', null, affect.live)
  } catch (error) {
    // It went off meanwhile, and what ran is gone.
    if (!(error instanceof VirtError) || error.code === 'cannot-connect') throw error
  }
}

/**
 * How far an install is. `running`: the installer is at work, or saved; `over`: the machine turned itself off, as installers
 * do at their end, or runs what is on its disk; `cut`: it was ended otherwise, `how` says how.
 */
export function installState(domain: Domain, mark: InstallMark): { is: 'running' | 'over' } | { is: 'cut', how: string } {
  const { state, reason } = domain.state()
  if (state === 'crashed') return { is: 'cut', how: 'it crashed' }
  if (state !== 'off') return { is: isInstalling(domain, mark) ? 'running' : 'over' }
  if (domain.hasSavedState()) return { is: 'running' }
  const how = cuts[reason]
  return how === undefined ? { is: 'over' } : { is: 'cut', how }
}

/** Every reason to be off but the guest's own doing. `unknown`, as after a daemon's restart, has the benefit of the doubt. */
const cuts: Record<string, string | undefined> = {
  'destroyed': 'it was forced off', 'crashed': 'it crashed', 'failed': 'it could not be started', 'migrated': 'it was migrated away',
  'from-snapshot': 'it was reverted to a snapshot', 'daemon': 'the daemon ended it',
}

/** Whether what runs has the installer's kernel or discs. */
function isInstalling(domain: Domain, { kernel, discs }: InstallMark): boolean {
  const running = unlessGone(() => readDomain(domain.xml()), failure.noDomain)
  if (kernel) return running?.kernel === kernel.kernel
  return discs.some(({ target, path }) => running?.disks.some((disk) => disk.target === target && disk.path === path))
}
