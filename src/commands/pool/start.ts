import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { whilePoolIsBusy } from '../../virt/ops/retry.js'

export default class PoolStart extends ActionCommand<typeof PoolStart> {
  static override summary = 'Start storage pools'
  static override description = 'Mounts or connects what the type needs and reads which volumes there are. A pool that runs already is left alone.'

  static override examples = [
    '<%= config.bin %> pool start default',
    '<%= config.bin %> pool start --all',
  ]

  static override args = nameArgs('pool')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'start', kind: 'pool', names: this.args.name ?? [] }, async (name, host) => {
      using pool = find.pool(host, name)
      if (pool.isActive()) return { changed: false, said: 'already active' }
      if (this.dryRun) return { changed: true, said: 'would be started' }
      await whilePoolIsBusy(() => pool.start())
      return { changed: true, said: 'started' }
    })
  }
}
