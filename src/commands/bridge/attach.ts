import * as Flags from '@oclif/core/flags'
import type { ActionResult } from '../../action.js'
import { BridgeCommand } from '../../bridge-command.js'
import { bridgeArg, confirmFlags, persistFlag, portArg, vlansOf } from '../../bridge-flags.js'
import { attachPort } from '../../bridge-make.js'
import { changeFlags } from '../../flags.js'

export default class BridgeAttach extends BridgeCommand<typeof BridgeAttach> {
  static override summary = 'Make a network interface a port of a bridge'
  static override description = 'Its addresses and routes go to the bridge, so that this system stays reachable; connections live on. When a step '
    + 'fails, or nobody confirms in time, all is as it was before.'

  static override examples = [
    '<%= config.bin %> bridge attach br0 eth0 --confirm-within 30s',
    '<%= config.bin %> bridge attach br0 eth0 --confirm',
    '<%= config.bin %> bridge attach br0 eth1 --keep-addresses --vlan 10 --trunk 20,30-40',
  ]

  static override args = { bridge: bridgeArg, interface: portArg }
  static override flags = {
    ...changeFlags, ...confirmFlags,
    'persist': persistFlag,
    'vlan': Flags.integer({ min: 1, max: 4094, helpValue: 'N', description: 'the VLAN of frames without a tag, on a bridge with VLAN filtering' }),
    'trunk': Flags.string({ helpValue: 'N,N-N', description: 'VLANs whose frames keep their tag on it' }),
    'keep-addresses': Flags.boolean({ description: 'leave its addresses and routes where they are, where nothing reaches them any more' }),
  }

  async run(): Promise<ActionResult> {
    const { vlan, trunk, 'keep-addresses': keepAddresses } = this.flags
    const wanted = { port: this.args.interface, vlans: vlansOf({ vlan, trunk }), move: !keepAddresses, host: await this.libvirt() }
    return this.actOnBridge('attach', this.args.bridge, (run) => attachPort(wanted, run))
  }
}
