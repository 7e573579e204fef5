import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../../action.js'
import { deviceFlags } from '../../../attach-flags.js'
import { find } from '../../../find.js'
import { nameArg } from '../../../flags.js'
import { ejectDisc } from '../../../virt/ops/attach-cdrom.js'
import { lockName } from '../../../virt/ops/host-lock.js'
import { interruptible } from '../../../virt/ops/interrupt.js'

export default class VmDetachCdrom extends ActionCommand<typeof VmDetachCdrom> {
  static override summary = 'Take the disc out of a virtual machine\'s drive'
  static override description = 'The drive stays. An empty one changes nothing.'
  static override examples = [
    '<%= config.bin %> vm detach cdrom web-1',
    '<%= config.bin %> vm detach cdrom web-1 --target sdb --force',
  ]

  static override args = nameArg('vm')
  static override flags = {
    ...deviceFlags,
    target: Flags.string({ helpValue: 'NAME', description: 'the drive, such as sda, where there are several' }),
    force: Flags.boolean({ description: 'also when the guest has locked the tray' }),
  }

  async run(): Promise<ActionResult> {
    const { target, force, 'next-start': nextStart } = this.flags
    return this.actOnOne({ action: 'detach', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const options = { target, force, nextStart, dryRun: this.dryRun }
      return { ...await interruptible((signal) => ejectDisc(host, domain, { ...options, signal })) }
    })
  }
}
