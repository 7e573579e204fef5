import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs, offFlag } from '../../flags.js'
import { ownAutostart } from '../../virt/ops/own-autostart.js'

export default class VmAutostart extends ActionCommand<typeof VmAutostart> {
  static override summary = 'Start virtual machines with their host, or not'
  static override description = 'With --off they stay off when the host boots.'

  static override examples = [
    '<%= config.bin %> vm autostart web-1',
    "<%= config.bin %> vm autostart --off 'test-*'",
  ]

  static override args = nameArgs('vm')
  static override flags = { ...manyFlags, off: offFlag }

  async run(): Promise<ActionResult | ActionResult[]> {
    const on = !this.flags.off
    return this.act({ action: 'autostart', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      const said = on ? 'starts with its host' : 'does not start with its host'
      const changed = domain.autostart() !== on
      if (!this.dryRun && changed) domain.setAutostart(on)
      if (!this.dryRun) await ownAutostart(host, domain)
      return { changed, said: changed ? said : `already ${said}`, autostart: on }
    })
  }
}
