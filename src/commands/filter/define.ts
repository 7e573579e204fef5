import type { ActionResult } from '../../action.js'
import { DefineCommand, filesArg } from '../../define-command.js'
import { changeFlags } from '../../flags.js'
import { defineFilter } from '../../virt/ops/define-filter.js'

export default class FilterDefine extends DefineCommand<typeof FilterDefine> {
  static override summary = 'Define network filters from XML'
  static override description = 'The XML is checked against libvirt\'s schema, and for what the schema lets pass: filters that do not exist, ranges of ports '
    + 'that end before they begin. A filter of that name is redefined under its own UUID, at once also on the machines that use it. Several '
    + 'are defined in the order of their files, so that one may include those before it.'

  static override examples = [
    '<%= config.bin %> filter define filter.xml',
    '<%= config.bin %> filter xml web | sed s/8080/8081/ | <%= config.bin %> filter define -',
  ]

  static override args = filesArg
  static override flags = changeFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.define('filter', this.args.file ?? [], defineFilter)
  }
}
