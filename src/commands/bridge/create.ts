import * as Flags from '@oclif/core/flags'
import type { ActionResult } from '../../action.js'
import { parseDeviceAddress } from '../../bridge/plan-create.js'
import { BridgeCommand } from '../../bridge-command.js'
import { bridgeArg, confirmFlags, persistFlag } from '../../bridge-flags.js'
import { createBridge } from '../../bridge-make.js'
import { changeFlags, ifMissingFlag } from '../../flags.js'
import { checkBridgeName } from '../../names.js'

export default class BridgeCreate extends BridgeCommand<typeof BridgeCreate> {
  static override summary = 'Create a bridge on this system'
  static override description = 'Machines reach it by --network bridge=NAME. With --port interfaces are attached to it, and their addresses and '
    + 'routes go to the bridge. When a step fails, or nobody confirms in time, all is as it was before.'

  static override examples = [
    '<%= config.bin %> bridge create br0 --port eth0 --confirm-within 30s',
    '<%= config.bin %> bridge create inner --address 10.5.0.1/24 --address fd00:5::1/64',
    '<%= config.bin %> bridge create trunk --vlan-filtering --stp',
  ]

  static override args = { name: bridgeArg }
  static override flags = {
    ...changeFlags, ...confirmFlags,
    'persist': persistFlag,
    'address': Flags.string({
      multiple: true, multipleNonGreedy: true, helpValue: 'ADDRESS/BITS', description: 'an address of this system on it; repeatable',
    }),
    'stp': Flags.boolean({ description: 'take part in the spanning tree: a loop is cut, and a new port waits before it passes anything' }),
    'vlan-filtering': Flags.boolean({ description: 'keep the VLANs of its ports apart' }),
    'mtu': Flags.integer({ min: 68, max: 65535, helpValue: 'N', description: 'the largest packet, in bytes' }),
    'port': Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'IF', description: 'a network interface to attach; repeatable' }),
    'if-missing': ifMissingFlag,
  }

  async run(): Promise<ActionResult> {
    const { address = [], stp, 'vlan-filtering': vlanFiltering, mtu = null, port = [], 'if-missing': ifMissing } = this.flags
    const name = checkBridgeName(this.args.name)
    const bridge = { name, addresses: address.map(parseDeviceAddress), stp, vlanFiltering, mtu, mac: null }
    const host = await this.libvirt()
    return this.actOnBridge('create', name, (run) => createBridge({ bridge, ports: [...new Set(port)], ifMissing, host }, run))
  }
}
