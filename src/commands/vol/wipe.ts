import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { findVolume } from '../../find.js'
import { changeFlags, volumeArg } from '../../flags.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { wipeAlgorithms, wipeVolume } from '../../virt/ops/wipe-volume.js'

export default class VolWipe extends ActionCommand<typeof VolWipe> {
  static override summary = 'Overwrite all that is in a storage volume'
  static override description = 'Refuses while a machine, running or not, or another volume needs it. It keeps its name and size; a qcow2 file is '
    + 'no image any more afterwards. All but zero and trim need the program scrub on the host. What file systems, snapshots and flash '
    + 'disks keep elsewhere is not reached.'

  static override examples = [
    '<%= config.bin %> vol wipe default/secret.img',
    '<%= config.bin %> vol wipe --yes default/secret.img --algorithm dod',
  ]

  static override args = volumeArg
  static override flags = {
    ...changeFlags,
    algorithm: Flags.option({ options: wipeAlgorithms, default: 'zero' as const, description: 'how it is overwritten (default: zero)' })(),
  }

  async run(): Promise<ActionResult> {
    await this.confirm(`overwrite all data in ${this.args.name}?`)
    return this.actOnOne({ action: 'wipe', kind: 'vol' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vol', name)
      using found = findVolume(host, name)
      const place = { pool: found.pool, name: found.name, path: found.volume.path() }
      return { ...await wipeVolume(host, found.volume, place, { algorithm: this.flags.algorithm, dryRun: this.dryRun }) }
    })
  }
}
