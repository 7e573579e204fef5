import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { stopPool } from '../../virt/ops/pool-use.js'

export default class PoolStop extends ActionCommand<typeof PoolStop> {
  static override summary = 'Stop storage pools'
  static override description = 'The files stay. Refuses while running machines use its volumes, and names them, unless --force.'

  static override examples = [
    '<%= config.bin %> pool stop lab',
    "<%= config.bin %> pool stop --force 'test-*'",
  ]

  static override args = nameArgs('pool')
  static override flags = { ...manyFlags, force: Flags.boolean({ description: 'also when running machines use its volumes; they go on using them' }) }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'stop', kind: 'pool', names: this.args.name ?? [] }, (name, host) => {
      using pool = find.pool(host, name)
      return { ...stopPool(host, pool, { dryRun: this.dryRun, force: this.flags.force }) }
    })
  }
}
