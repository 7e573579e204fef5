import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { findSnapshot } from '../../snapshot-names.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { judgeRevert, revertSnapshot } from '../../virt/ops/revert-snapshot.js'

export default class SnapshotRevert extends ActionCommand<typeof SnapshotRevert> {
  static override summary = 'Bring a virtual machine back to a snapshot'
  static override description = 'Its definition, its disks and, where it was kept, its memory become what they were; what it has now is lost. The '
    + 'snapshot stays. UEFI variables are not part of it and stay as they are now.'

  static override examples = [
    '<%= config.bin %> snapshot revert web-1 before-upgrade',
    '<%= config.bin %> snapshot revert --yes --force web-1 20261123-110500',
  ]

  static override args = { ...nameArg('vm'), snapshot: Args.string({ required: true, description: 'the snapshot\'s name' }) }
  static override flags = { ...changeFlags, force: Flags.boolean({ description: 'also when it runs: its plug is pulled' }) }

  async run(): Promise<ActionResult> {
    const { args: { name, snapshot }, flags: { force } } = this
    await this.confirm(`bring ${name} back to ${snapshot}? What it has now is lost`)
    return this.actOnOne({ action: 'revert', kind: 'snapshot' }, `${name}/${snapshot}`, async (_, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      using _found = findSnapshot(domain, snapshot)
      const { step } = this.reportFor(name)
      if (this.dryRun) judgeRevert(host, domain, snapshot, { force })
      else await interruptible((signal) => revertSnapshot(host, domain, snapshot, { force, signal, step }))
      const { state } = domain.state()
      return { changed: true, said: this.dryRun ? 'would be gone back to' : `gone back to; ${name} is ${state}`, vm: name, snapshot, state }
    })
  }
}
