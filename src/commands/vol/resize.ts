import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { findVolume } from '../../find.js'
import { changeFlags, volumeArg } from '../../flags.js'
import { parseSize } from '../../units.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { resizeVolume } from '../../virt/ops/resize-volume.js'

export default class VolResize extends ActionCommand<typeof VolResize> {
  static override summary = 'Give a storage volume another size'
  static override description = 'Also under a running machine, which sees it at once; its file system is the guest\'s to grow. A volume with layers over '
    + 'it keeps its size. To shrink cuts off the end: only with --shrink, and not while a machine runs on it.'

  static override examples = [
    '<%= config.bin %> vol resize default/web-1.qcow2 40G',
    '<%= config.bin %> vol resize default/web-1.qcow2 +10G',
    '<%= config.bin %> vol resize default/data.img 5G --shrink',
  ]

  static override args = { ...volumeArg, size: Args.string({ required: true, description: 'the new size, such as 40G, or with + what is added' }) }
  static override flags = { ...changeFlags, shrink: Flags.boolean({ description: 'cut off the end, with what is there' }) }

  async run(): Promise<ActionResult> {
    const { size: text } = this.args
    const size = text.startsWith('+') ? { by: parseSize(text.slice(1)) } : { to: parseSize(text) }
    return this.actOnOne({ action: 'resize', kind: 'vol' }, this.args.name, async (name, host) => {
      using _lock = await lockName(host.uri(), 'vol', name)
      using found = findVolume(host, name)
      const place = { pool: found.pool, name: found.name, path: found.volume.path() }
      return { ...await resizeVolume(host, found.volume, place, size, { shrink: this.flags.shrink, dryRun: this.dryRun }) }
    })
  }
}
