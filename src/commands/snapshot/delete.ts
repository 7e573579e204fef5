import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { findSnapshot } from '../../snapshot-names.js'
import { deleteSnapshot } from '../../virt/ops/delete-snapshot.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class SnapshotDelete extends ActionCommand<typeof SnapshotDelete> {
  static override summary = 'Delete a snapshot of a virtual machine'
  static override description = 'The machine stays as it is now. Of an external snapshot, what was written since is merged into the disk that it kept, '
    + 'running or not; interrupted, the same command again finishes it.'

  static override examples = [
    '<%= config.bin %> snapshot delete web-1 before-upgrade',
    '<%= config.bin %> snapshot delete --yes web-1 20261123-110500',
  ]

  static override args = { ...nameArg('vm'), snapshot: Args.string({ required: true, description: 'the snapshot\'s name' }) }
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const { name, snapshot } = this.args
    await this.confirm(`delete the snapshot ${snapshot} of ${name}?`)
    return this.actOnOne({ action: 'delete', kind: 'snapshot' }, `${name}/${snapshot}`, async (_, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      using _found = findSnapshot(domain, snapshot)
      if (!this.dryRun) await interruptible((signal) => deleteSnapshot(host, domain, snapshot, { ...this.reportFor(name), signal }))
      return { changed: true, said: this.dryRun ? 'would be deleted' : 'deleted', vm: name, snapshot }
    })
  }
}
