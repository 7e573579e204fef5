import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { stopNetwork } from '../../virt/ops/network-use.js'

export default class NetStop extends ActionCommand<typeof NetStop> {
  static override summary = 'Stop networks'
  static override description = 'Refuses while running machines are connected, and names them, unless --force. A network without a stored definition is gone then.'

  static override examples = [
    '<%= config.bin %> net stop lab',
    "<%= config.bin %> net stop --force 'test-*'",
  ]

  static override args = nameArgs('net')
  static override flags = { ...manyFlags, force: Flags.boolean({ description: 'also when running machines are connected: it cuts them off' }) }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'stop', kind: 'net', names: this.args.name ?? [] }, (name, host) => {
      using network = find.net(host, name)
      return { ...stopNetwork(host, network, { dryRun: this.dryRun, force: this.flags.force }) }
    })
  }
}
