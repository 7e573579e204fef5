import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, keepFlag } from '../../flags.js'
import { findSnapshot, groupFlag, snapshotArgs, whichSnapshots } from '../../snapshot-names.js'
import type { Connection } from '../../virt/connection.js'
import { deleteSnapshot, judgeDeletions } from '../../virt/ops/delete-snapshot.js'
import { lockMachines } from '../../virt/ops/held.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { groupMembers, onlySnapshot } from '../../virt/ops/snapshot-group.js'
import { snapshotsToDelete } from '../../virt/ops/snapshots-to-delete.js'

export default class SnapshotDelete extends ActionCommand<typeof SnapshotDelete> {
  static override summary = 'Delete snapshots of a virtual machine'
  static override description = 'The machine stays as it is now. Of an external snapshot, what was written since is merged into the disk that it kept, '
    + 'running or not; interrupted, the same command again finishes it. With --keep those that bay has named go by a rule, of each group for itself. '
    + 'With --group those of all machines of a group, once nothing speaks against any of them.'

  static override examples = [
    '<%= config.bin %> snapshot delete web-1 before-upgrade',
    '<%= config.bin %> snapshot delete --yes web-1 20261123-110500 --children',
    '<%= config.bin %> snapshot delete --yes web-1 --keep 7d4w',
    '<%= config.bin %> snapshot delete --yes --group before-upgrade',
  ]

  static override args = snapshotArgs
  static override flags = {
    ...changeFlags,
    children: Flags.boolean({ description: 'with all snapshots that stand on it', exclusive: ['keep'] }),
    group: groupFlag,
    keep: keepFlag({ helpValue: 'RULE', description: 'all that bay has named but those that the rule keeps: 7d4w' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const which = whichSnapshots(this.args, this.flags.group, { needed: false })
    if ('group' in which) return await this.#deleteGroup(which.group, which.snapshot)
    const { vm, snapshot } = which
    await this.confirm(`delete ${this.#meant(snapshot)} of ${vm}?`)
    return this.actOnOne({ action: 'delete', kind: 'snapshot' }, snapshot === undefined ? vm : `${vm}/${snapshot}`, async (_, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', vm)
      using domain = find.vm(host, vm)
      using _found = snapshot === undefined ? null : findSnapshot(domain, snapshot)
      const names = snapshotsToDelete(domain, { ...this.flags, snapshot, group: undefined, now: new Date() })
      if (this.dryRun) await judgeDeletions(host, domain, names)
      return await interruptible((signal) => this.#delete(host, vm, { snapshot, names }, signal))
    })
  }

  /** Nothing is begun while anything speaks against one of them. */
  async #deleteGroup(group: string, named: string | undefined): Promise<ActionResult[]> {
    const { keep, children } = this.flags
    if (keep && named !== undefined) throw new UsageError('name one snapshot of the group, or say with --keep which stay')
    const host = await this.change()
    const members = groupMembers(host, group, named)
    const snapshot = keep ? undefined : onlySnapshot(group, members)
    const vms = members.map(({ vm }) => vm)
    await this.confirm(`delete ${this.#meant(snapshot)} of ${vms.join(', ')}?`)
    using _locks = this.dryRun ? null : await lockMachines(host, vms)
    const now = new Date()
    const jobs = []
    for (const vm of vms) {
      using domain = find.vm(host, vm)
      const names = snapshotsToDelete(domain, { snapshot, children, keep, group, now })
      await judgeDeletions(host, domain, names)
      const name = snapshot === undefined ? vm : `${vm}/${snapshot}`
      const work = (on: Connection, signal: AbortSignal) => this.#delete(on, vm, { snapshot, names }, signal)
      jobs.push({ name, work })
    }
    return await this.actOnNew({ action: 'delete', kind: 'snapshot' }, { many: true }, jobs) as ActionResult[]
  }

  #meant(snapshot: string | undefined): string {
    if (snapshot === undefined) return 'the snapshots that --keep does not keep'
    return `the snapshot ${snapshot}${this.flags.children ? ' and all that stand on it' : ''}`
  }

  async #delete(
    host: Connection, vm: string, { snapshot, names }: { snapshot: string | undefined, names: string[] }, signal: AbortSignal,
  ): Promise<Outcome> {
    using domain = find.vm(host, vm)
    if (!this.dryRun) for (const each of names) await deleteSnapshot(host, domain, each, { ...this.reportFor(vm), signal })
    const [first] = names
    const gone = this.dryRun ? 'would be deleted' : 'deleted'
    const said = first === undefined ? 'nothing to delete' : names.length === 1 && first === snapshot ? gone : `${names.join(', ')} ${gone}`
    return { changed: first !== undefined, said, vm, snapshot: snapshot ?? null, deleted: names, group: this.flags.group ?? null }
  }
}
