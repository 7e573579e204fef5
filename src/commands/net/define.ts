import { ActionCommand, type ActionResult } from '../../action.js'
import { namesOf } from '../../find.js'
import { changeFlags, fileArg } from '../../flags.js'
import { readInput } from '../../input-file.js'
import { checkName } from '../../names.js'
import { readGiven } from '../../virt/ops/define.js'
import { defineNetwork } from '../../virt/ops/define-network.js'

export default class NetDefine extends ActionCommand<typeof NetDefine> {
  static override summary = 'Define a network from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A network of that name is redefined under its own UUID, bridge and MAC '
    + 'address, unless the XML names others; when it runs, it takes the new definition at its next start.'

  static override examples = [
    '<%= config.bin %> net define network.xml',
    'ssh other bay net xml --inactive lab | <%= config.bin %> net define -',
  ]

  static override args = fileArg
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const given = readGiven(await readInput(this.args.file), this.args.file, 'network')
    return this.actOnOne({ action: 'define', kind: 'net' }, given.name, (name, host) => {
      // What exists may have any name; what we make may not.
      if (!namesOf.net(host).includes(name)) checkName('net', name)
      return { ...defineNetwork(host, given, { dryRun: this.dryRun }) }
    })
  }
}
