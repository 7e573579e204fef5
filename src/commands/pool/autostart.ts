import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs, offFlag } from '../../flags.js'

export default class PoolAutostart extends ActionCommand<typeof PoolAutostart> {
  static override summary = 'Start storage pools with their host, or not'
  static override description = 'With --off they stay off when the host boots. Whether they run now does not change.'

  static override examples = [
    '<%= config.bin %> pool autostart lab',
    "<%= config.bin %> pool autostart --off 'test-*'",
  ]

  static override args = nameArgs('pool')
  static override flags = { ...manyFlags, off: offFlag }

  async run(): Promise<ActionResult | ActionResult[]> {
    const on = !this.flags.off
    return this.act({ action: 'autostart', kind: 'pool', names: this.args.name ?? [] }, (name, host) => {
      using pool = find.pool(host, name)
      const said = on ? 'starts with its host' : 'does not start with its host'
      if (pool.isPersistent() && pool.autostart() === on) return { changed: false, said: `${said} already`, autostart: on }
      if (!this.dryRun) pool.setAutostart(on)
      return { changed: true, said, autostart: on }
    })
  }
}
