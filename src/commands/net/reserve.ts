import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { reserveForCard } from '../../virt/ops/reserve-card.js'

export default class NetReserve extends ActionCommand<typeof NetReserve> {
  static override summary = 'Reserve an address for a machine'
  static override description = 'The network\'s DHCP server gives it to that card alone, from now on and after each start of the network, and its DNS '
    + 'knows the machine by its name once it has it. A guest that has another address takes the new one when it asks again. vm create --ip does it for a new machine.'

  static override examples = [
    '<%= config.bin %> net reserve lab web-1 10.20.0.50',
    '<%= config.bin %> net reserve lab 52:54:00:12:34:56 10.20.0.51',
  ]

  static override args = {
    ...nameArg('net'),
    who: Args.string({ required: true, description: 'a machine with one interface on the network, or a MAC address' }),
    address: Args.string({ required: true, description: 'the IPv4 address' }),
  }

  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const { who, address } = this.args
    return this.actOnOne({ action: 'reserve', kind: 'net' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'net', name)
      using network = find.net(host, name)
      const reserved = reserveForCard(host, network, { who, address }, { dryRun: this.dryRun })
      for (const note of reserved.notes) this.note(`bay: ${note}`)
      return { ...reserved }
    })
  }
}
