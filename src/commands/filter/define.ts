import { ActionCommand, type ActionResult } from '../../action.js'
import { namesOf } from '../../find.js'
import { changeFlags, fileArg } from '../../flags.js'
import { readInput } from '../../input-file.js'
import { checkName } from '../../names.js'
import { readGiven } from '../../virt/ops/define.js'
import { defineFilter } from '../../virt/ops/define-filter.js'

export default class FilterDefine extends ActionCommand<typeof FilterDefine> {
  static override summary = 'Define a network filter from XML'
  static override description = 'The XML is checked against libvirt\'s schema, and for what the schema lets pass: filters that do not exist, ranges of ports '
    + 'that end before they begin. A filter of that name is redefined under its own UUID, at once also on the machines that use it.'

  static override examples = [
    '<%= config.bin %> filter define filter.xml',
    '<%= config.bin %> filter xml web | sed s/8080/8081/ | <%= config.bin %> filter define -',
  ]

  static override args = fileArg
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const given = readGiven(await readInput(this.args.file), this.args.file, 'filter')
    return this.actOnOne({ action: 'define', kind: 'filter' }, given.name, (name, host) => {
      // What exists may have any name; what we make may not.
      if (!namesOf.filter(host).includes(name)) checkName('filter', name)
      return { ...defineFilter(host, given, { dryRun: this.dryRun }) }
    })
  }
}
