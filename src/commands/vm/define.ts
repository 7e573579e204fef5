import type { ActionResult } from '../../action.js'
import { DefineCommand, filesArg } from '../../define-command.js'
import { changeFlags, manyFlags } from '../../flags.js'
import { defineVm } from '../../virt/ops/define-vm.js'

export default class VmDefine extends DefineCommand<typeof VmDefine> {
  static override summary = 'Define virtual machines from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A machine of that name is redefined under its own UUID and keeps '
    + 'everything that is not in the XML: its state, NVRAM, autostart and snapshots. What runs goes on running as it is.'

  static override examples = [
    '<%= config.bin %> vm define web-1.xml',
    '<%= config.bin %> vm define machines/*.xml',
    'ssh other bay vm xml web-1 | <%= config.bin %> vm define -',
  ]

  static override args = filesArg
  static override flags = { ...changeFlags, parallel: manyFlags.parallel }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.define('vm', this.args.file ?? [], defineVm)
  }
}
