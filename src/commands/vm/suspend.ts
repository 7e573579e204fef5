import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { switchState, switches } from '../../virt/ops/switch-state.js'

export default class VmSuspend extends ActionCommand<typeof VmSuspend> {
  static override summary = 'Pause virtual machines'
  static override description = 'The guest stands still, its memory stays in the host\'s memory. bay vm resume goes on.'

  static override examples = [
    '<%= config.bin %> vm suspend web-1',
  ]

  static override args = nameArgs('vm')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'suspend', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      return { ...await switchState(domain, switches.suspend, { dryRun: this.dryRun }) }
    })
  }
}
