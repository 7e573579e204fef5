import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs, offFlag } from '../../flags.js'

export default class NetAutostart extends ActionCommand<typeof NetAutostart> {
  static override summary = 'Start networks with their host, or not'
  static override description = 'With --off they stay off when the host boots. Whether they run now does not change.'

  static override examples = [
    '<%= config.bin %> net autostart lab',
    "<%= config.bin %> net autostart --off 'test-*'",
  ]

  static override args = nameArgs('net')
  static override flags = { ...manyFlags, off: offFlag }

  async run(): Promise<ActionResult | ActionResult[]> {
    const on = !this.flags.off
    return this.act({ action: 'autostart', kind: 'net', names: this.args.name ?? [] }, (name, host) => {
      using network = find.net(host, name)
      const said = on ? 'starts with its host' : 'does not start with its host'
      if (network.isPersistent() && network.autostart() === on) return { changed: false, said: `${said} already`, autostart: on }
      if (!this.dryRun) network.setAutostart(on)
      return { changed: true, said, autostart: on }
    })
  }
}
