import { ActionCommand, type ActionResult } from '../../action.js'
import { namesOf } from '../../find.js'
import { changeFlags, fileArg } from '../../flags.js'
import { readInput } from '../../input-file.js'
import { checkName } from '../../names.js'
import { readGiven } from '../../virt/ops/define.js'
import { defineVm } from '../../virt/ops/define-vm.js'

export default class VmDefine extends ActionCommand<typeof VmDefine> {
  static override summary = 'Define a virtual machine from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A machine of that name is redefined under its own UUID and keeps '
    + 'everything that is not in the XML: its state, NVRAM, autostart and snapshots. What runs goes on running as it is.'

  static override examples = [
    '<%= config.bin %> vm define web-1.xml',
    'ssh other bay vm xml web-1 | <%= config.bin %> vm define -',
  ]

  static override args = fileArg
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const given = readGiven(await readInput(this.args.file), this.args.file, 'domain')
    return this.actOnOne({ action: 'define', kind: 'vm' }, given.name, (name, host) => {
      // What exists may have any name; what we make may not.
      if (!namesOf.vm(host).includes(name)) checkName('vm', name)
      return { ...defineVm(host, given, { dryRun: this.dryRun }) }
    })
  }
}
