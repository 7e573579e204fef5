import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { switchState, switches } from '../../virt/ops/switch-state.js'

export default class VmSave extends ActionCommand<typeof VmSave> {
  static override summary = 'Save virtual machines to disk and stop them'
  static override description = 'The guest\'s memory is written to the host\'s disk; bay vm start restores it where it was.'

  static override examples = [
    '<%= config.bin %> vm save web-1',
    '<%= config.bin %> vm save --all',
  ]

  static override args = nameArgs('vm')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'save', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      return { ...await switchState(domain, switches.save, { dryRun: this.dryRun }) }
    })
  }
}
