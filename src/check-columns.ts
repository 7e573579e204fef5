import type { Column } from './output/table.js'
import type { Finding } from './virt/ops/check-host-finding.js'

/** What people read of a check, of a host or its networks. */
export const checkColumns: Column<Finding>[] = [
  { key: 'check', get: (finding) => finding.check },
  { key: 'level', get: (finding) => finding.level },
  { key: 'message', get: (finding) => finding.message },
  { key: 'hint', get: (finding) => finding.hint },
]
