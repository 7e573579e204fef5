import type { ActionResult } from '../../action.js'
import { DefineCommand, filesArg } from '../../define-command.js'
import { changeFlags } from '../../flags.js'
import { defineNetwork } from '../../virt/ops/define-network.js'

export default class NetDefine extends DefineCommand<typeof NetDefine> {
  static override summary = 'Define networks from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A network of that name is redefined under its own UUID, bridge and MAC '
    + 'address, unless the XML names others; when it runs, it takes the new definition at its next start.'

  static override examples = [
    '<%= config.bin %> net define network.xml',
    'ssh other bay net xml --inactive lab | <%= config.bin %> net define -',
  ]

  static override args = filesArg
  static override flags = changeFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.define('net', this.args.file ?? [], defineNetwork)
  }
}
