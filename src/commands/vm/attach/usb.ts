import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { ActionResult } from '../../../action.js'
import { deviceFlags } from '../../../attach-flags.js'
import { nameArg } from '../../../flags.js'
import { HostDeviceCommand } from '../../../host-device-action.js'
import { parseUsbName } from '../../../xml/usb.js'

export default class VmAttachUsb extends HostDeviceCommand<typeof VmAttachUsb> {
  static override summary = 'Give a virtual machine a USB device of its host'
  static override description = 'As the machine runs and as it will start. By VENDOR:PRODUCT it is found wherever it is plugged in; BUS.DEVICE tells two of '
    + 'one kind apart, until they are plugged in anew. What the host or another machine uses is refused.'

  static override examples = [
    '<%= config.bin %> vm attach usb web-1 046d:c52b',
    '<%= config.bin %> vm attach usb web-1 1.4',
    '<%= config.bin %> vm attach usb web-1 1050:0407 --next-start --optional',
  ]

  static override args = {
    ...nameArg('vm'),
    device: Args.string({ required: true, description: 'VENDOR:PRODUCT or BUS.DEVICE, as bay host devices --usb has them' }),
  }

  static override flags = {
    ...deviceFlags,
    optional: Flags.boolean({ description: 'the machine starts without it when it is not plugged in' }),
    force: Flags.boolean({ description: 'also when the host has a disk or an interface on it' }),
  }

  run(): Promise<ActionResult> {
    return this.attachTo(this.args.name, { kind: 'usb', usb: parseUsbName(this.args.device), optional: this.flags.optional })
  }
}
