import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { findVolume } from '../../find.js'
import { manyFlags } from '../../flags.js'
import { deleteVolume } from '../../virt/ops/delete-volume.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { RecentUse } from '../../virt/ops/recent-use.js'
import { deletableVolumes } from '../../virt/ops/volume-use.js'

export default class VolDelete extends ActionCommand<typeof VolDelete> {
  static override summary = 'Delete storage volumes with their data'
  static override description = 'Refuses while a machine, running or not, or another volume needs it, and names them. Of a chain of layers the '
    + 'upper ones are deleted first.'

  static override examples = [
    '<%= config.bin %> vol delete default/web-1.qcow2',
    "<%= config.bin %> vol delete --yes 'default/test-*'",
  ]

  static override args = { name: Args.string({ multiple: true, description: 'volumes, as POOL/NAME; globs such as \'default/web-*\' work in quotes' }) }
  static override flags = {
    ...manyFlags,
    // One after the other unless told: a volume can go only when the layers over it have gone.
    parallel: Flags.integer({ min: 1, max: 64, default: 1, helpValue: 'N', description: 'how many to work on at the same time' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const names = this.args.name ?? []
    await this.confirm(`delete ${this.flags.all ? 'all volumes of all running pools' : names.join(', ')} with all data in it?`)
    const use = new RecentUse({ dryRun: this.dryRun })
    return this.act({ action: 'delete', kind: 'vol', names, available: deletableVolumes }, async (name, host) => {
      using _lock = await lockName(host.uri(), 'vol', name)
      using found = findVolume(host, name)
      const place = { pool: found.pool, name: found.name, path: found.volume.path() }
      return { ...await deleteVolume(host, found.volume, place, use.read(host), { dryRun: this.dryRun }) }
    })
  }
}
