import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { durationFlag, manyFlags, nameArgs, timeoutFlag } from '../../flags.js'
import { stopVm } from '../../virt/ops/stop-vm.js'
import * as Flags from '@oclif/core/flags'

export default class VmStop extends ActionCommand<typeof VmStop> {
  static override summary = 'Stop virtual machines'
  static override description = 'Asks the guest to shut down, by its agent when one answers, else by ACPI, and asks again while it may still be '
    + 'booting. Waits until it is off and says how it went down. The plug is pulled only with --force or --force-after.'

  static override examples = [
    '<%= config.bin %> vm stop web-1',
    "<%= config.bin %> vm stop 'web-*' --force-after 60s",
    '<%= config.bin %> vm stop --all --timeout 5m',
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...manyFlags,
    'force': Flags.boolean({ description: 'pull the plug at once; the guest loses what it has not written', exclusive: ['force-after', 'no-wait'] }),
    'force-after': durationFlag({ helpValue: 'TIME', description: 'pull the plug of a guest that is not off after this time', exclusive: ['no-wait', 'timeout'] }),
    'no-wait': Flags.boolean({ description: 'ask the guest and return' }),
    'timeout': timeoutFlag,
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { force, 'force-after': forceAfter, 'no-wait': noWait, timeout } = this.flags
    return this.act({ action: 'stop', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      return { ...await stopVm(host, domain, { dryRun: this.dryRun, force, forceAfter, noWait, timeout }) }
    })
  }
}
