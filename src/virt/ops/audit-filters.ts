import type { Connection } from '../connection.js'
import { unseenByRules } from './bridge-filter.js'
import { filterTexts } from './filter-model.js'
import { judgeFilters, type AuditFinding } from './judge-filters.js'
import { readMachines } from './machine-xml.js'
import { isOwnHost } from './own-host.js'
import { bindingsOf } from './write-filters.js'

export interface FilterReport {
  findings: AuditFinding[]
  /** what was not looked at, and why */
  notes: string[]
}

/** What lets through more than it seems to, on all machines and in all filters of a host. */
export function auditFilters(connection: Connection): FilterReport {
  const own = isOwnHost(connection)
  const findings = judgeFilters({
    filters: filterTexts(connection), bound: bindingsOf(connection), machines: readMachines(connection, { running: false }),
    unseen: own ? unseenByRules : () => null,
  })
  return { findings, notes: own ? [] : [notSeen] }
}

const notSeen = 'whether iptables sees what bridges pass on (net.bridge.bridge-nf-call-iptables) was not looked at: '
  + 'only the host itself can tell; run bay filter audit there too'
