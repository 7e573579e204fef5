import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../../action.js'
import { deviceFlags, parseBandwidth, saidWhere } from '../../../attach-flags.js'
import { find } from '../../../find.js'
import { nameArg } from '../../../flags.js'
import { attachNic } from '../../../virt/ops/attach-nic.js'
import { lockName } from '../../../virt/ops/host-lock.js'
import { interruptible } from '../../../virt/ops/interrupt.js'
import { parseNics } from '../../../vm-flags.js'

export default class VmAttachNic extends ActionCommand<typeof VmAttachNic> {
  static override summary = 'Give a virtual machine one more network interface'
  static override description = 'As the machine runs and as it will start, with the same MAC address. A --mac that it has in that network already '
    + 'changes nothing; without one each run adds an interface.'

  static override examples = [
    '<%= config.bin %> vm attach nic web-1 --network backend',
    '<%= config.bin %> vm attach nic web-1 --network bridge=br0 --filter clean-traffic --mac 52:54:00:12:34:56',
    '<%= config.bin %> vm attach nic web-1 --network default --bandwidth in=10M,out=100Mbit --link down',
  ]

  static override args = nameArg('vm')
  static override flags = {
    ...deviceFlags,
    network: Flags.string({ required: true, helpValue: 'NET|bridge=BR|user', description: 'what it is on' }),
    mac: Flags.string({ helpValue: 'MAC', description: 'its MAC address (default: derived from the machine\'s UUID)' }),
    filter: Flags.string({ helpValue: 'FILTER', description: 'its network filter' }),
    model: Flags.option({ options: ['virtio', 'e1000e', 'e1000', 'rtl8139'] as const, description: 'the card (default: as the machine\'s first, or virtio)' })(),
    bandwidth: Flags.string({
      helpValue: 'in=RATE,out=RATE', description: 'limits to the guest and from it, a second: bytes as 10M (of 1024) or 10MB (of 1000), bits as 100Mbit',
    }),
    vlan: Flags.integer({ min: 1, max: 4094, helpValue: 'TAG', description: 'its VLAN tag, where the network takes one (Open vSwitch, hostdev)' }),
    link: Flags.option({ options: ['up', 'down'] as const, description: 'whether its cable is in (default: up)' })(),
    isolated: Flags.boolean({ description: 'keep it from the other isolated guests of its bridge' }),
  }

  async run(): Promise<ActionResult> {
    const { network, mac, filter, model, bandwidth, vlan, link, isolated } = this.flags
    const [nic] = parseNics([network], { mac, filter })
    const wanted = { kind: nic?.kind ?? 'user', source: nic?.source, mac: nic?.mac, filter, model, vlan, link, isolated }
    const limits = bandwidth === undefined ? undefined : parseBandwidth(bandwidth)
    return this.actOnOne({ action: 'attach', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const { notes, ...attached } = await interruptible((signal) => attachNic(host, domain, { ...wanted, bandwidth: limits }, {
        nextStart: this.flags['next-start'], dryRun: this.dryRun, signal,
      }))
      for (const note of notes) this.note(`bay: ${note}`)
      const what = `${attached.device?.mac} on ${network}`
      const said = this.dryRun && attached.changed ? `would get ${what}` : `${attached.changed ? 'has' : 'has already'} ${what}, ${attached.device ? saidWhere(attached.device) : ''}`
      return { ...attached, said }
    })
  }
}
