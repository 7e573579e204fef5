import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { ActionResult } from '../../../action.js'
import { deviceFlags } from '../../../attach-flags.js'
import { nameArg } from '../../../flags.js'
import { HostDeviceCommand } from '../../../host-device-action.js'
import { parsePciAddresses } from '../../../vm-flags.js'

export default class VmAttachGpu extends HostDeviceCommand<typeof VmAttachGpu> {
  static override summary = 'Give a virtual machine a graphics card of its host'
  static override description = 'With all of its functions, such as its sound and its USB port, as the machine runs and as it will start. Whatever stands in the way is '
    + 'told at once, with what to do about it: no IOMMU, other cards in its group, another machine, a driver of the host that may use it.'

  static override examples = [
    '<%= config.bin %> vm attach gpu ai-1 0000:65:00.0',
    '<%= config.bin %> vm attach gpu ai-1 00000000:65:00.0 --next-start',
  ]

  static override args = {
    ...nameArg('vm'),
    address: Args.string({ multiple: true, required: true, description: 'its address on the host: 0000:65:00.0, as bay host devices --gpu has it' }),
  }

  static override flags = { ...deviceFlags, force: Flags.boolean({ description: 'also when the host may be using it' }) }

  run(): Promise<ActionResult> {
    return this.attachTo(this.args.name, { kind: 'gpu', asked: parsePciAddresses(this.args.address) })
  }
}
