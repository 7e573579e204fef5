import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { copyArgs, newVolumeName } from '../../copy-flags.js'
import { findRunningPool, findVolume } from '../../find.js'
import { changeFlags } from '../../flags.js'
import { copyVolume } from '../../virt/ops/copy-volume.js'

export default class VolConvert extends ActionCommand<typeof VolConvert> {
  static override summary = 'Copy a storage volume into another format'
  static override description = 'The new volume has all that is in the old one and in the layers below it; the old one stays as it is.'

  static override examples = [
    '<%= config.bin %> vol convert default/data.img data.qcow2 --format qcow2',
    '<%= config.bin %> vol convert default/web-1.qcow2 lvm/web-1 --format raw',
  ]

  static override args = copyArgs
  static override flags = {
    ...changeFlags,
    format: Flags.option({ options: ['qcow2', 'raw'] as const, required: true, description: 'the format of the new volume' })(),
  }

  async run(): Promise<ActionResult> {
    const { dryRun, flags: { format } } = this
    return this.actOnOne({ action: 'convert', kind: 'vol' }, this.args.name, async (fullName, host) => {
      using source = findVolume(host, fullName)
      const { pool: poolName, name } = newVolumeName(this.args.copy, source.pool)
      using pool = findRunningPool(host, poolName)
      const place = { pool: source.pool, name: source.name, path: source.volume.path() }
      return { pool: poolName, volume: name, ...await copyVolume(host, source.volume, place, pool, { name, format, command: 'vol convert' }, { dryRun }) }
    })
  }
}
