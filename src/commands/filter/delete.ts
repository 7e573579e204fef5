import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { deleteFilter } from '../../virt/ops/delete-filter.js'

export default class FilterDelete extends ActionCommand<typeof FilterDelete> {
  static override summary = 'Delete network filters'
  static override description = 'Refuses while a machine, running or not, or another filter uses it, and names them.'

  static override examples = [
    '<%= config.bin %> filter delete web',
    "<%= config.bin %> filter delete 'test-*'",
  ]

  static override args = nameArgs('filter')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'delete', kind: 'filter', names: this.args.name ?? [] }, (name, host) => {
      using filter = find.filter(host, name)
      return { ...deleteFilter(host, filter, { dryRun: this.dryRun }) }
    })
  }
}
