import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { deletePool } from '../../virt/ops/pool-use.js'

export default class PoolDelete extends ActionCommand<typeof PoolDelete> {
  static override summary = 'Delete storage pools, but no files'
  static override description = 'Stops them and deletes their definitions; every file and volume stays where it is. Refuses while machines, running or '
    + 'not, use its volumes or layers over them, and names them, unless --force.'

  static override examples = [
    '<%= config.bin %> pool delete lab',
    "<%= config.bin %> pool delete --force 'test-*'",
  ]

  static override args = nameArgs('pool')
  static override flags = { ...manyFlags, force: Flags.boolean({ description: 'also when machines use its volumes; those that name files go on using them' }) }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'delete', kind: 'pool', names: this.args.name ?? [] }, async (name, host) => {
      using pool = find.pool(host, name)
      return { ...await deletePool(host, pool, { dryRun: this.dryRun, force: this.flags.force }) }
    })
  }
}
