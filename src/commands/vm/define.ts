import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { changeFlags } from '../../flags.js'
import { readInput } from '../../input-file.js'
import { defineVm, planDefinition } from '../../virt/ops/define-vm.js'

export default class VmDefine extends ActionCommand<typeof VmDefine> {
  static override summary = 'Define a virtual machine from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A machine of that name is redefined under its own UUID and keeps '
    + 'everything that is not in the XML: its state, NVRAM, autostart and snapshots. What runs goes on running as it is.'

  static override examples = [
    '<%= config.bin %> vm define web-1.xml',
    'ssh other bay vm xml web-1 | <%= config.bin %> vm define -',
  ]

  static override args = { file: Args.string({ required: true, description: 'the file with the XML; - for standard input' }) }
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const plan = planDefinition(await readInput(this.args.file), this.args.file)
    return this.actOnOne({ action: 'define', kind: 'vm' }, plan.name, (_, host) => ({ ...defineVm(host, plan, { dryRun: this.dryRun }) }))
  }
}
