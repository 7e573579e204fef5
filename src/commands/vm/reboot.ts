import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs, timeoutFlag } from '../../flags.js'
import { rebootVm } from '../../virt/ops/reboot-vm.js'
import * as Flags from '@oclif/core/flags'

export default class VmReboot extends ActionCommand<typeof VmReboot> {
  static override summary = 'Reboot virtual machines'
  static override description = 'Asks the guest to reboot, by its agent when one answers, else by ACPI, and waits until it has come down and begun again.'

  static override examples = [
    '<%= config.bin %> vm reboot web-1',
    "<%= config.bin %> vm reboot 'web-*' --timeout 5m",
  ]

  static override args = nameArgs('vm')
  static override flags = { ...manyFlags, 'no-wait': Flags.boolean({ description: 'ask the guest and return' }), 'timeout': timeoutFlag }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { 'no-wait': noWait, timeout = 120_000 } = this.flags
    return this.act({ action: 'reboot', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      if (this.dryRun) return { changed: true, said: 'would be asked to reboot' }
      await rebootVm(host, domain, { timeout, noWait })
      return { changed: true, said: noWait ? 'was asked to reboot' : 'rebooted' }
    })
  }
}
