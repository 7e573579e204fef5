import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { copyArgs, newVolumeName } from '../../copy-flags.js'
import { findRunningPool, findVolume } from '../../find.js'
import { changeFlags } from '../../flags.js'
import { copyVolume } from '../../virt/ops/copy-volume.js'
import { createVolume } from '../../virt/ops/create-volume.js'

export default class VolClone extends ActionCommand<typeof VolClone> {
  static override summary = 'Copy a storage volume'
  static override description = 'The host copies it, within a pool or into another one, with all that is in the layers below it. With --linked the '
    + 'new volume is a layer that keeps only what differs; what it lies over must not be written any more.'

  static override examples = [
    '<%= config.bin %> vol clone default/golden.qcow2 web-1.qcow2',
    '<%= config.bin %> vol clone default/golden.qcow2 fast/web-1.qcow2',
    '<%= config.bin %> vol clone default/golden.qcow2 web-2.qcow2 --linked',
  ]

  static override args = copyArgs
  static override flags = { ...changeFlags, linked: Flags.boolean({ description: 'make a layer over it instead of a copy' }) }

  async run(): Promise<ActionResult> {
    const { dryRun } = this
    return this.actOnOne({ action: 'clone', kind: 'vol' }, this.args.name, async (fullName, host) => {
      using source = findVolume(host, fullName)
      const { pool: poolName, name } = newVolumeName(this.args.copy, source.pool)
      using pool = findRunningPool(host, poolName)
      const copy = { pool: poolName, volume: name }
      if (this.flags.linked) {
        const made = await createVolume(host, pool, { name }, source.volume, { dryRun })
        return { ...copy, ...made, said: `${dryRun ? 'would have' : 'has'} the layer ${poolName}/${name}` }
      }
      const place = { pool: source.pool, name: source.name, path: source.volume.path() }
      return { ...copy, ...await copyVolume(host, source.volume, place, pool, { name, command: 'vol clone' }, { dryRun }) }
    })
  }
}
