import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { auditFilters } from '../../virt/ops/audit-filters.js'
import type { AuditFinding } from '../../virt/ops/judge-filters.js'

export default class FilterAudit extends BaseCommand<typeof FilterAudit> {
  static override summary = 'Find filters and machines that let through more than they seem to'
  static override description = 'Machines without a filter, filters that let in what no rule decides or forget IPv6, rules whose ports libvirt took off, '
    + 'references to nothing, interfaces with another filter in force than they name, bridges whose packets the rules never see, and filters that nobody uses. Ends with 3 when there is anything.'

  static override examples = [
    '<%= config.bin %> filter audit',
    '<%= config.bin %> filter audit --filter code!=unused -o json',
  ]

  static override flags = listFlags

  async run(): Promise<readonly AuditFinding[]> {
    const { findings, notes } = auditFilters(await this.look())
    if (findings.length > 0) this.endWith('differences')
    await this.showList(findings, columns, { nameOf: (row) => row.vm ?? row.filter ?? '' })
    for (const note of notes) this.note(`bay: ${note}`)
    return findings
  }
}

const columns: Column<AuditFinding>[] = [
  { key: 'code', get: (row) => row.code },
  { key: 'vm', get: (row) => row.vm },
  { key: 'mac', get: (row) => row.mac, wide: true },
  { key: 'filter', get: (row) => row.filter },
  { key: 'text', header: 'FINDING', get: (row) => row.text },
  { key: 'fix', get: (row) => row.fix, wide: true },
]
