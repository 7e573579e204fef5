import * as Flags from '@oclif/core/flags'
import type { ActionResult } from '../../action.js'
import { BridgeCommand } from '../../bridge-command.js'
import { bridgeArg, confirmFlags, persistFlag, portArg } from '../../bridge-flags.js'
import { detachPort } from '../../bridge-make.js'
import { changeFlags } from '../../flags.js'

export default class BridgeDetach extends BridgeCommand<typeof BridgeDetach> {
  static override summary = 'Take a network interface from a bridge'
  static override description = 'When it was the bridge\'s last way out, the bridge\'s addresses and routes go to it. Cards of machines and containers '
    + 'are no way out. When a step fails, or nobody confirms in time, all is as it was before.'

  static override examples = [
    '<%= config.bin %> bridge detach br0 eth0',
    '<%= config.bin %> bridge detach br0 eth0 --keep-addresses',
  ]

  static override args = { bridge: bridgeArg, interface: portArg }
  static override flags = {
    ...changeFlags, ...confirmFlags,
    'persist': persistFlag,
    'keep-addresses': Flags.boolean({ description: 'leave the addresses and routes on the bridge' }),
  }

  async run(): Promise<ActionResult> {
    const wanted = { port: this.args.interface, move: !this.flags['keep-addresses'], host: await this.libvirt() }
    return this.actOnBridge('detach', this.args.bridge, (run) => detachPort(wanted, run))
  }
}
