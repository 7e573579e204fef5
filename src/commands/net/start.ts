import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { connectedMachines } from '../../virt/ops/network-machines.js'
import { reconnectMachines } from '../../virt/ops/reconnect-machines.js'
import { isCutOff } from '../../virt/ops/reconnect-network.js'
import { startNetwork } from '../../virt/ops/start-network.js'

export default class NetStart extends ActionCommand<typeof NetStart> {
  static override summary = 'Start networks'
  static override description = 'Makes the bridge and starts DHCP and DNS on it. Running machines that it was stopped under are connected again. '
    + 'A network that runs already is left alone, but for machines that are cut off from it.'

  static override examples = [
    '<%= config.bin %> net start lab',
    '<%= config.bin %> net start --all',
  ]

  static override args = nameArgs('net')
  static override flags = manyFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'start', kind: 'net', names: this.args.name ?? [] }, async (name, host) => {
      using network = find.net(host, name)
      const active = network.isActive()
      const cutOff = active && isCutOff(host, network)
      if (active && !cutOff) return { changed: false, said: 'already active', reconnected: [] }
      if (this.dryRun) return { changed: true, said: active ? 'would be connected again' : 'would be started', reconnected: connectedMachines(host, network) }
      if (!active) startNetwork(network)
      const { reconnected, notes } = await reconnectMachines(host, network)
      for (const note of notes) this.note(`bay: ${note}`)
      const said = reconnected.length === 0 ? [] : [`connected again: ${reconnected.join(', ')}`]
      return { changed: !active || reconnected.length > 0, said: [active ? 'already active' : 'started', ...said].join(', and '), reconnected }
    })
  }
}
