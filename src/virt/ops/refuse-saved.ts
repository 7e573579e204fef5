import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'

/**
 * Refuses what changes the disks under a machine whose memory is saved: it would go on with the files, and the sizes, that they
 * had, and so write to what something else keeps by then, or find nothing. @throws BayError `wrong-state`
 */
export function refuseSaved(domain: Domain, ...hints: string[]): void {
  if (!isSaved(domain)) return
  const name = domain.name()
  throw new BayError('wrong-state', `${name} is saved: it would go on with its disks as they were`, {
    hints: [sh`bay vm start ${name}, and then this again`, ...hints],
  })
}

export function isSaved(domain: Domain): boolean {
  return !domain.isActive() && domain.hasSavedState()
}
