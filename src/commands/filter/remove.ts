import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { macFlag } from '../../filter-flags.js'
import { find } from '../../find.js'
import { manyFlags } from '../../flags.js'
import { changeFilters } from '../../virt/ops/apply-filter.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class FilterRemove extends ActionCommand<typeof FilterRemove> {
  static override summary = 'Take a network filter off machines'
  static override description = 'Off one interface of each, as it runs and as it will start; its other filters and all else stay. An interface '
    + 'that has no filter left sends and receives everything.'

  static override examples = [
    '<%= config.bin %> filter remove web web-1 web-2',
    '<%= config.bin %> filter remove db db-1 --nic 52:54:00:12:34:56',
  ]

  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'the filter\'s name' }),
    vm: Args.string({ multiple: true, ignoreStdin: true, description: 'machine names; globs such as \'web-*\' work in quotes' }),
  }

  static override flags = { ...manyFlags, nic: macFlag({ helpValue: 'MAC', description: 'the interface (default: the only one)' }) }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'remove', kind: 'vm', names: this.args.vm ?? [] }, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const result = await interruptible((signal) => changeFilters(host, domain, {
        names: [this.args.name], how: 'remove', mac: this.flags.nic, parameters: [], command: 'filter remove', dryRun: this.dryRun, signal,
      }))
      const left = result.filters.length > 0 ? `has ${result.filters.join(', ')}` : 'has no filter'
      return { ...result, said: `${result.mac} ${this.dryRun && result.changed ? left.replace('has', 'would have') : left}${result.changed ? '' : ' already'}` }
    })
  }
}
