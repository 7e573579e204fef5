import type { Connection } from '../connection.js'
import { VirtError, failure } from '../errors.js'
import type { DomainStats } from '../stats.js'

/** virConnectGetAllDomainStatsFlags; a machine whose job is stuck must not make others wait */
const flags = { active: 1, noWait: 0x2000_0000 } as const

/** Statistics (virDomainStatsTypes) of all machines of a host, or of those that run, in one call. */
export function readStats(connection: Connection, wanted: number, { running }: { running: boolean }): DomainStats[] {
  const only = running ? flags.active : 0
  try {
    return connection.domainStats(wanted, flags.noWait | only)
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.invalidArgument, failure.noSupport, failure.argumentUnsupported)) {
      return connection.domainStats(wanted, only)
    }
    throw error
  }
}
