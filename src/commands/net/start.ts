import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { startNetwork } from '../../virt/ops/start-network.js'

export default class NetStart extends ActionCommand<typeof NetStart> {
  static override summary = 'Start networks'
  static override description = 'Makes the bridge and starts DHCP and DNS on it. A network that runs already is left alone.'

  static override examples = [
    '<%= config.bin %> net start lab',
    '<%= config.bin %> net start --all',
  ]

  static override args = nameArgs('net')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'start', kind: 'net', names: this.args.name ?? [] }, (name, host) => {
      using network = find.net(host, name)
      if (network.isActive()) return { changed: false, said: 'already active' }
      if (this.dryRun) return { changed: true, said: 'would be started' }
      startNetwork(network)
      return { changed: true, said: 'started' }
    })
  }
}
