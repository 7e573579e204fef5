import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { markRun } from './run-mark.js'
import { switchState, switches } from './switch-state.js'
import { newestLease } from './vm-addresses.js'

/**
 * Presses the reset button. That begins a new run: the address that it has now is not of that one.
 * @throws BayError `wrong-state`
 */
export async function resetVm(
  connection: Connection, domain: Domain, options: { dryRun: boolean },
): Promise<{ changed: boolean, said: string, from: string }> {
  const outcome = await switchState(domain, switches.reset, options)
  // Looked at afterwards, since a guest may get its lease up to the last moment, and needs more than a moment for the next.
  if (outcome.changed && !options.dryRun) markRun(domain, { leaseBefore: newestLease(connection, domain) })
  return outcome
}
