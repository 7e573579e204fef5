import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { switchState, switches } from '../../virt/ops/switch-state.js'

export default class VmResume extends ActionCommand<typeof VmResume> {
  static override summary = 'Let paused virtual machines run on'
  static override description = 'Paused machines run on; those that their guest suspended are woken up.'

  static override examples = [
    '<%= config.bin %> vm resume web-1',
    "<%= config.bin %> vm resume 'web-*'",
  ]

  static override args = nameArgs('vm')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'resume', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      return { ...await switchState(domain, switches.resume, { dryRun: this.dryRun }) }
    })
  }
}
