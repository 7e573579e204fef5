import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { undefine } from '../flags.js'

/**
 * Removes a machine's definition with NVRAM, saved state, snapshots, checkpoints and TPM. Older daemons do not know every
 * flag; what they do not know they do not keep either.
 */
export function undefineAll(domain: Domain): void {
  const old = undefine.managedSave | undefine.snapshots
  const most = old | undefine.nvram | undefine.checkpoints
  const choices = [most | undefine.tpm, most, old | undefine.nvram]
  for (const flags of choices) {
    try {
      return domain.undefine(flags)
    } catch (error) {
      if (!(error instanceof VirtError) || !/unsupported flags/.test(error.message)) throw error
    }
  }
  domain.undefine(old)
}
