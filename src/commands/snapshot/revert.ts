import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { find } from '../../find.js'
import { changeFlags } from '../../flags.js'
import { findSnapshot, groupFlag, snapshotArgs, whichSnapshots } from '../../snapshot-names.js'
import type { Connection } from '../../virt/connection.js'
import { lockMachines } from '../../virt/ops/held.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { judgeRevert, revertSnapshot } from '../../virt/ops/revert-snapshot.js'
import { groupMembers, onlySnapshot } from '../../virt/ops/snapshot-group.js'

export default class SnapshotRevert extends ActionCommand<typeof SnapshotRevert> {
  static override summary = 'Bring a virtual machine back to a snapshot'
  static override description = 'Its definition, its disks and, where it was kept, its memory become what they were; what it has now is lost. The '
    + 'snapshot stays. UEFI variables are not part of it and stay as they are now. With --group all machines of a group, once nothing speaks '
    + 'against any of them.'

  static override examples = [
    '<%= config.bin %> snapshot revert web-1 before-upgrade',
    '<%= config.bin %> snapshot revert --yes --force web-1 20261123-110500',
    '<%= config.bin %> snapshot revert --yes --group before-upgrade',
  ]

  static override args = snapshotArgs
  static override flags = { ...changeFlags, group: groupFlag, force: Flags.boolean({ description: 'also when it runs: its plug is pulled' }) }

  async run(): Promise<ActionResult | ActionResult[]> {
    const which = whichSnapshots(this.args, this.flags.group, { needed: true })
    if ('group' in which) return await this.#revertGroup(which.group, which.snapshot)
    const { vm, snapshot = '' } = which
    await this.confirm(`bring ${vm} back to ${snapshot}? What it has now is lost`)
    return this.actOnOne({ action: 'revert', kind: 'snapshot' }, `${vm}/${snapshot}`, async (_, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', vm)
      return await interruptible((signal) => this.#revert(host, vm, snapshot, signal))
    })
  }

  /** Nothing is begun while anything speaks against one of them. */
  async #revertGroup(group: string, named: string | undefined): Promise<ActionResult[]> {
    const host = await this.change()
    const members = groupMembers(host, group, named)
    const snapshot = onlySnapshot(group, members)
    const vms = members.map(({ vm }) => vm)
    await this.confirm(`bring ${vms.join(', ')} back to ${snapshot}? What they have now is lost`)
    using _locks = this.dryRun ? null : await lockMachines(host, vms)
    for (const vm of vms) {
      using domain = find.vm(host, vm)
      judgeRevert(host, domain, snapshot, this.flags)
    }
    return await this.actOnNew({ action: 'revert', kind: 'snapshot' }, { many: true }, vms.map((vm) => ({
      name: `${vm}/${snapshot}`, work: (connection, signal) => this.#revert(connection, vm, snapshot, signal),
    }))) as ActionResult[]
  }

  async #revert(host: Connection, vm: string, snapshot: string, signal: AbortSignal): Promise<Outcome> {
    const { force, group = null } = this.flags
    using domain = find.vm(host, vm)
    using _found = findSnapshot(domain, snapshot)
    if (this.dryRun) judgeRevert(host, domain, snapshot, { force })
    else await revertSnapshot(host, domain, snapshot, { force, signal, step: this.reportFor(vm).step })
    const { state } = domain.state()
    return { changed: true, said: this.dryRun ? 'would be gone back to' : `gone back to; ${vm} is ${state}`, vm, snapshot, state, group }
  }
}
