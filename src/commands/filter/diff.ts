import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { UsageError } from '../../errors.js'
import { filtersWanted } from '../../filter-flags.js'
import { listFlags, nameArg } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { diffFilter, type TrafficRow } from '../../virt/ops/diff-filter.js'

export default class FilterDiff extends BaseCommand<typeof FilterDiff> {
  static override summary = 'Show which traffic of which machines other rules would change'
  static override description = 'For each machine that uses the filter, what would be let through and what no more, at the edges of what the old and the new '
    + 'rules name. Nothing is changed. Ends with 3 when there is any.'

  static override examples = [
    '<%= config.bin %> filter diff web -f rules.yaml',
    '<%= config.bin %> filter diff web -f rules.yaml --filter after=accept',
  ]

  static override args = nameArg('filter')
  static override flags = { ...listFlags, file: Flags.string({ char: 'f', required: true, helpValue: 'FILE', description: 'the new rules, in YAML; - for standard input' }) }

  async run(): Promise<readonly TrafficRow[]> {
    const { filters, place } = await filtersWanted(undefined, { file: this.flags.file }, { nameless: this.args.name })
    const wanted = filters.find(({ name }) => name === this.args.name)
    if (!wanted) throw new UsageError(`${this.flags.file} has no filter ${this.args.name}`, `it has ${filters.map(({ name }) => name).join(', ')}`)
    const rows = diffFilter(await this.look(), filters, this.args.name, place)
    if (rows.length > 0) this.endWith('differences')
    return await this.showList(rows, columns, { nameOf: (row) => row.vm })
  }
}

const columns: Column<TrafficRow>[] = [
  { key: 'vm', get: (row) => row.vm },
  { key: 'direction', get: (row) => row.direction },
  { key: 'protocol', get: (row) => row.protocol },
  { key: 'port', get: (row) => row.port, align: 'right' },
  { key: 'peer', get: (row) => row.peer },
  { key: 'before', get: (row) => row.before },
  { key: 'after', get: (row) => row.after },
  { key: 'mac', get: (row) => row.mac, wide: true },
]
