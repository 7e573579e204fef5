import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { listFilters, type FilterRow } from '../../virt/ops/list-filters.js'

export default class FilterList extends BaseCommand<typeof FilterList> {
  static override summary = 'List network filters'
  static override description = 'All of them, those that came with libvirt too, and which filters they include.'
  static override examples = [
    '<%= config.bin %> filter list',
    '<%= config.bin %> filter list --filter chain=root',
    '<%= config.bin %> filter list -o json',
  ]

  static override flags = listFlags

  async run(): Promise<readonly FilterRow[]> {
    const host = await this.look()
    const rows = listFilters(host).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    return this.showList(rows, columns, {
      xmlOf: (row) => {
        using filter = host.filterByUuid(row.uuid)
        return filter.xml()
      },
    })
  }
}

const columns: Column<FilterRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'chain', get: (row) => row.chain },
  {
    key: 'references', header: 'INCLUDES', get: (row) => row.references.map(({ filter }) => filter),
    raw: (row) => row.references.map(({ filter }) => filter),
  },
  { key: 'priority', get: (row) => row.priority, align: 'right', wide: true },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
]
