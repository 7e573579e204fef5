import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { changeFlags, keepFlag, nameArg } from '../../flags.js'
import { findSnapshot } from '../../snapshot-names.js'
import { deleteSnapshot, judgeDeletion } from '../../virt/ops/delete-snapshot.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { snapshotsToDelete } from '../../virt/ops/snapshots-to-delete.js'

export default class SnapshotDelete extends ActionCommand<typeof SnapshotDelete> {
  static override summary = 'Delete snapshots of a virtual machine'
  static override description = 'The machine stays as it is now. Of an external snapshot, what was written since is merged into the disk that it kept, '
    + 'running or not; interrupted, the same command again finishes it. With --keep those that bay has named go by a rule, of each group for itself.'

  static override examples = [
    '<%= config.bin %> snapshot delete web-1 before-upgrade',
    '<%= config.bin %> snapshot delete --yes web-1 20261123-110500 --children',
    '<%= config.bin %> snapshot delete --yes web-1 --keep 7d4w',
  ]

  static override args = { ...nameArg('vm'), snapshot: Args.string({ description: 'the snapshot\'s name' }) }
  static override flags = {
    ...changeFlags,
    children: Flags.boolean({ description: 'with all snapshots that stand on it', exclusive: ['keep'] }),
    keep: keepFlag({ helpValue: 'RULE', description: 'all that bay has named but those that the rule keeps: 7d4w' }),
  }

  async run(): Promise<ActionResult> {
    const { args: { name, snapshot }, flags: { children, keep } } = this
    const what = snapshot === undefined ? 'the snapshots that --keep does not keep' : `the snapshot ${snapshot}${children ? ' and all that stand on it' : ''}`
    await this.confirm(`delete ${what} of ${name}?`)
    return this.actOnOne({ action: 'delete', kind: 'snapshot' }, snapshot === undefined ? name : `${name}/${snapshot}`, async (_, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      using _found = snapshot === undefined ? null : findSnapshot(domain, snapshot)
      const deleted = snapshotsToDelete(domain, { snapshot, children, keep, now: new Date() })
      const [first] = deleted
      // What can be said of the others turns on what the first leaves.
      if (this.dryRun && first !== undefined) judgeDeletion(host, domain, first)
      if (!this.dryRun) {
        await interruptible(async (signal) => {
          for (const each of deleted) await deleteSnapshot(host, domain, each, { ...this.reportFor(name), signal })
        })
      }
      const gone = this.dryRun ? 'would be deleted' : 'deleted'
      const said = first === undefined ? 'nothing to delete' : deleted.length === 1 && first === snapshot ? gone : `${deleted.join(', ')} ${gone}`
      return { changed: first !== undefined, said, vm: name, snapshot: snapshot ?? null, deleted }
    })
  }
}
