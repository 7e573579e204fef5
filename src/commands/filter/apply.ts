import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { checkNamedFilter, macFlag, parseParameters } from '../../filter-flags.js'
import { manyFlags } from '../../flags.js'
import { changeFilters } from '../../virt/ops/apply-filter.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class FilterApply extends ActionCommand<typeof FilterApply> {
  static override summary = 'Put a network filter on machines'
  static override description = 'On one interface of each, as it runs and as it will start; all else stays as it is. The filters that it has stay '
    + 'too, unless --only: several are included by one that is generated for the interface, since libvirt takes one.'

  static override examples = [
    '<%= config.bin %> filter apply web web-1 web-2',
    "<%= config.bin %> filter apply clean-traffic 'guest-*' --parameter IP=10.0.0.5",
    '<%= config.bin %> filter apply db db-1 --nic 52:54:00:12:34:56 --only',
  ]

  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'the filter\'s name' }),
    vm: Args.string({ multiple: true, ignoreStdin: true, description: 'machine names; globs such as \'web-*\' work in quotes' }),
  }

  static override flags = {
    ...manyFlags,
    nic: macFlag({ helpValue: 'MAC', description: 'the interface (default: the only one)' }),
    parameter: Flags.string({
      multiple: true, multipleNonGreedy: true, helpValue: 'NAME=VALUE', description: 'a value for a variable of the filter, such as IP=10.0.0.5; repeatable',
    }),
    only: Flags.boolean({ description: 'take the interface\'s other filters off' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { nic, only } = this.flags
    const filter = checkNamedFilter(this.args.name)
    const parameters = parseParameters(this.flags.parameter ?? [])
    return this.act({ action: 'apply', kind: 'vm', names: this.args.vm ?? [] }, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const result = await interruptible((signal) => changeFilters(host, domain, {
        names: [filter], how: only ? 'only' : 'add', mac: nic, parameters, command: 'filter apply', dryRun: this.dryRun, signal,
      }))
      const has = result.changed ? (this.dryRun ? 'would have' : 'has') : 'has already'
      return { ...result, said: `${result.mac} ${has} ${result.filters.join(', ')}` }
    })
  }
}
