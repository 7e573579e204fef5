import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../../action.js'
import { deviceFlags } from '../../../attach-flags.js'
import { find } from '../../../find.js'
import { nameArg } from '../../../flags.js'
import { insertDisc } from '../../../virt/ops/attach-cdrom.js'
import { lockName } from '../../../virt/ops/host-lock.js'
import { interruptible } from '../../../virt/ops/interrupt.js'

export default class VmAttachCdrom extends ActionCommand<typeof VmAttachCdrom> {
  static override summary = 'Put a disc into a virtual machine\'s drive'
  static override description = 'Into an empty drive, or the one that --target names, whatever is in it. A machine without a drive gets one, which '
    + 'comes with its next start: no running machine gets a drive. The same disc again changes nothing.'

  static override examples = [
    '<%= config.bin %> vm attach cdrom web-1 /srv/iso/tools.iso',
    '<%= config.bin %> vm attach cdrom web-1 iso/debian-12.iso --target sda',
  ]

  static override args = { ...nameArg('vm'), disc: Args.string({ required: true, description: 'the disc\'s image: a path on the host, or POOL/NAME' }) }

  static override flags = {
    ...deviceFlags,
    target: Flags.string({ helpValue: 'NAME', description: 'the drive, such as sda' }),
    force: Flags.boolean({ description: 'also when the guest has locked the tray' }),
  }

  async run(): Promise<ActionResult> {
    const { target, force, 'next-start': nextStart } = this.flags
    return this.actOnOne({ action: 'attach', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const options = { target, force, nextStart, dryRun: this.dryRun }
      return { ...await interruptible((signal) => insertDisc(host, domain, this.args.disc, { ...options, signal })) }
    })
  }
}
