import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { unreserve } from '../../virt/ops/reserve-card.js'

export default class NetUnreserve extends ActionCommand<typeof NetUnreserve> {
  static override summary = 'Free an address that a network reserves'
  static override description = 'As the network runs and as it is stored. A guest that has the address keeps it until its lease ends.'

  static override examples = [
    '<%= config.bin %> net unreserve lab web-1',
    '<%= config.bin %> net unreserve lab 10.20.0.51',
  ]

  static override args = {
    ...nameArg('net'),
    who: Args.string({ required: true, description: 'a machine, a MAC address, the reserved address or its name' }),
  }

  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    return this.actOnOne({ action: 'unreserve', kind: 'net' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'net', name)
      using network = find.net(host, name)
      return { ...unreserve(host, network, this.args.who, { dryRun: this.dryRun }) }
    })
  }
}
