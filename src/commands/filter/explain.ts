import { BaseCommand } from '../../base.js'
import { macFlag } from '../../filter-flags.js'
import { find } from '../../find.js'
import { listFlags, nameArg } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { explainRules, type ExplainedRule } from '../../virt/ops/explain-filter.js'
import { guestModel } from '../../virt/ops/filter-model.js'

export default class FilterExplain extends BaseCommand<typeof FilterExplain> {
  static override summary = 'Show what rules are in force on a machine, in order and in words'
  static override description = 'All rules of all filters of an interface as libvirt gives them to the kernel. A packet from the guest passes the Ethernet '
    + 'rules, then those for IP; one to the guest the other way round, and those for IP only when it comes over the bridge.'

  static override examples = [
    '<%= config.bin %> filter explain web-1',
    '<%= config.bin %> filter explain web-1 --filter direction=in --filter family=ipv4',
  ]

  static override args = nameArg('vm')
  static override flags = { ...listFlags, nic: macFlag({ helpValue: 'MAC', description: 'the interface (default: the only one)' }) }

  async run(): Promise<readonly ExplainedRule[]> {
    const host = await this.look()
    using domain = find.vm(host, this.args.name)
    const { installed } = guestModel(host, domain, { mac: this.flags.nic })
    return await this.showList(explainRules(installed), columns, { nameOf: (row) => row.text })
  }
}

const columns: Column<ExplainedRule>[] = [
  { key: 'direction', get: (row) => row.direction },
  { key: 'layer', get: (row) => row.layer },
  { key: 'chain', get: (row) => row.chain },
  { key: 'action', get: (row) => row.action },
  { key: 'text', header: 'WHAT', get: (row) => row.text },
  { key: 'filter', get: (row) => row.filter },
  { key: 'rule', get: (row) => row.rule, align: 'right' },
  { key: 'comment', get: (row) => row.comment, wide: true },
]
