import { BaseCommand } from '../../base.js'
import { filterYaml } from '../../filter-yaml.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { jsonColumns } from '../../output/columns.js'
import { tableField, type Field } from '../../output/details.js'
import type { Column } from '../../output/table.js'
import { describeFilter, type FilterDetails, type FilterUser } from '../../virt/ops/list-filters.js'
import { readHostFilters } from '../../virt/ops/write-filters.js'

export default class FilterShow extends BaseCommand<typeof FilterShow> {
  static override summary = 'Show everything about a network filter'
  static override description = 'Its rules in order, the filters that it includes, and the machines and filters that use it. '
    + 'With -o yaml: the rules as filter create takes them, and which of them have no such form. With -o xml: libvirt\'s own description.'

  static override examples = [
    '<%= config.bin %> filter show clean-traffic',
    '<%= config.bin %> filter show web -o json',
    '<%= config.bin %> filter show web -o yaml > web.yaml',
  ]

  static override args = nameArg('filter')

  async run(): Promise<FilterDetails> {
    const host = await this.look()
    using filter = find.filter(host, this.args.name)
    const details = describeFilter(host, filter)
    if (this.format !== 'yaml') return await this.showObject(details, fields, columns, () => filter.xml())
    await this.showText(await filterYaml(details.name, readHostFilters(host)))
    return details
  }
}

const ruleColumns: Column<FilterDetails['rules'][number]>[] = [
  { key: 'priority', get: (rule) => rule.priority, align: 'right' },
  { key: 'direction', get: (rule) => rule.direction },
  { key: 'action', get: (rule) => rule.action },
  { key: 'protocol', get: (rule) => rule.protocol },
  { key: 'match', get: ({ attributes }) => Object.entries(attributes).map(([name, value]) => `${name}=${value}`).join(' ') },
  { key: 'comment', get: (rule) => rule.comment },
]

const userColumns: Column<FilterUser>[] = [
  { key: 'vm', get: (user) => user.vm },
  { key: 'mac', get: (user) => user.mac },
]

const fields: Field<FilterDetails>[] = [
  { label: 'Name', get: (filter) => filter.name },
  { label: 'UUID', get: (filter) => filter.uuid },
  { label: 'Chain', get: (filter) => filter.chain },
  { label: 'Priority', get: (filter) => filter.priority },
  { label: 'Includes', get: (filter) => filter.references.map((reference) => reference.filter) },
  { label: 'Included by', get: (filter) => filter.referencedBy },
  tableField('Rules', (filter) => filter.rules, ruleColumns),
  tableField('Used by', (filter) => filter.usedBy, userColumns),
]

const columns = jsonColumns<FilterDetails>('name', 'chain', 'priority', 'uuid', 'references', 'usedBy', 'referencedBy')
