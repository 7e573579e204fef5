import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { deleteNetwork } from '../../virt/ops/network-use.js'

export default class NetDelete extends ActionCommand<typeof NetDelete> {
  static override summary = 'Stop networks and delete their definitions'
  static override description = 'Refuses while machines use them, running or not, and names them, unless --force.'

  static override examples = [
    '<%= config.bin %> net delete lab',
    "<%= config.bin %> net delete --force 'test-*'",
  ]

  static override args = nameArgs('net')
  static override flags = { ...manyFlags, force: Flags.boolean({ description: 'also when machines use it: those that run are cut off, and none can start' }) }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'delete', kind: 'net', names: this.args.name ?? [] }, async (name, host) => {
      using network = find.net(host, name)
      return { ...await deleteNetwork(host, network, { dryRun: this.dryRun, force: this.flags.force }) }
    })
  }
}
