import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs, timeoutFlag } from '../../flags.js'
import { Bases } from '../../virt/ops/check-base.js'
import { startVm } from '../../virt/ops/start-vm.js'

export default class VmStart extends ActionCommand<typeof VmStart> {
  static override summary = 'Start virtual machines'
  static override description = 'Whatever state it is in: one that is off is booted, a saved one restored, a paused one resumed, '
    + 'one that its guest suspended is woken up. A machine that runs already is left alone.'

  static override examples = [
    '<%= config.bin %> vm start web-1',
    "<%= config.bin %> vm start 'web-*' --parallel 8",
  ]

  static override args = nameArgs('vm')
  static override flags = { ...manyFlags, timeout: timeoutFlag }

  async run(): Promise<ActionResult | ActionResult[]> {
    const bases = new Bases()
    return this.act({ action: 'start', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      return { ...await startVm(host, domain, { dryRun: this.dryRun, timeout: this.flags.timeout, bases }) }
    })
  }
}
