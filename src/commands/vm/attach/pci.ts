import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { ActionResult } from '../../../action.js'
import { deviceFlags } from '../../../attach-flags.js'
import { nameArg } from '../../../flags.js'
import { HostDeviceCommand } from '../../../host-device-action.js'
import { parsePciAddresses } from '../../../vm-flags.js'

export default class VmAttachPci extends HostDeviceCommand<typeof VmAttachPci> {
  static override summary = 'Give a virtual machine PCI devices of its host'
  static override description = 'As the machine runs and as it will start. What the IOMMU cannot part must go together: the rest of the card comes along by itself, '
    + 'other cards must be named. What the host or another machine uses is refused. For a graphics card: vm attach gpu.'

  static override examples = [
    '<%= config.bin %> vm attach pci web-1 0000:3b:00.0',
    '<%= config.bin %> vm attach pci web-1 0a:00.0 0a:03.0 --next-start',
  ]

  static override args = {
    ...nameArg('vm'),
    address: Args.string({ multiple: true, required: true, description: 'its address on the host: 0000:65:00.0, as bay host devices --pci has it' }),
  }

  static override flags = { ...deviceFlags, force: Flags.boolean({ description: 'also when the host may be using it' }) }

  run(): Promise<ActionResult> {
    return this.attachTo(this.args.name, { kind: 'pci', asked: parsePciAddresses(this.args.address) })
  }
}
