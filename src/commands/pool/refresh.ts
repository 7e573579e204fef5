import { ActionCommand, type ActionResult } from '../../action.js'
import { findRunningPool } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { whilePoolIsBusy } from '../../virt/ops/retry.js'

export default class PoolRefresh extends ActionCommand<typeof PoolRefresh> {
  static override summary = 'Look again which volumes storage pools have'
  static override description = 'Needed after files came or went without libvirt. While a pool is busy with something else it waits, up to 30 s.'

  static override examples = [
    '<%= config.bin %> pool refresh default',
    '<%= config.bin %> pool refresh --all',
  ]

  static override args = nameArgs('pool')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'refresh', kind: 'pool', names: this.args.name ?? [] }, async (name, host) => {
      using pool = findRunningPool(host, name)
      if (this.dryRun) return { changed: true, said: 'would be refreshed', volumes: pool.volumeCount() }
      await whilePoolIsBusy(() => pool.refresh())
      const volumes = pool.volumeCount()
      return { changed: true, said: `refreshed, ${volumes} volumes`, volumes }
    })
  }
}
