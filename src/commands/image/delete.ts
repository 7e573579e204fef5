import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { manyFlags } from '../../flags.js'
import { deleteVolume } from '../../virt/ops/delete-volume.js'
import { findImage, imageNames } from '../../virt/ops/image-name.js'
import { RecentUse } from '../../virt/ops/recent-use.js'

export default class ImageDelete extends ActionCommand<typeof ImageDelete> {
  static override summary = 'Delete disk images'
  static override description = 'Refuses while a machine or another volume is a layer over one, and names them. Machines that were copied from it '
    + 'do not need it any more. Where several pools have one of a name, say POOL/NAME.'

  static override examples = [
    '<%= config.bin %> image delete debian-12',
    "<%= config.bin %> image delete --yes fast/debian-12 'test-*'",
  ]

  static override args = { name: Args.string({ multiple: true, description: 'images, as NAME or POOL/NAME; globs such as \'debian-*\' work in quotes' }) }
  static override flags = {
    ...manyFlags,
    // Who uses what is read once for many; one after the other is soon done.
    parallel: Flags.integer({ min: 1, max: 64, default: 1, helpValue: 'N', description: 'how many to work on at the same time' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const names = this.args.name ?? []
    await this.confirm(`delete ${this.flags.all ? 'all images of all running pools' : names.join(', ')}?`)
    const use = new RecentUse({ dryRun: this.dryRun })
    return this.act({ action: 'delete', kind: 'image', names, available: imageNames }, async (name, host) => {
      using found = await findImage(host, name)
      const { volume, pool } = found
      return { ...await deleteVolume(host, volume, found, use.read(host), { dryRun: this.dryRun }), pool, volume: found.name }
    })
  }
}
