import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { resetVm } from '../../virt/ops/reset-vm.js'

export default class VmReset extends ActionCommand<typeof VmReset> {
  static override summary = 'Press the reset button of virtual machines'
  static override description = 'At once and without asking the guest, which loses what it has not written. bay vm reboot asks.'

  static override examples = [
    '<%= config.bin %> vm reset web-1',
    '<%= config.bin %> vm reset web-1 && <%= config.bin %> vm wait web-1 --for ip',
  ]

  static override args = nameArgs('vm')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'reset', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      return { ...await resetVm(host, domain, { dryRun: this.dryRun }) }
    })
  }
}
