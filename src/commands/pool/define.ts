import type { ActionResult } from '../../action.js'
import { DefineCommand, filesArg } from '../../define-command.js'
import { changeFlags } from '../../flags.js'
import { definePool } from '../../virt/ops/define-pool.js'

export default class PoolDefine extends DefineCommand<typeof PoolDefine> {
  static override summary = 'Define storage pools from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A pool of that name is redefined under its own UUID; when it runs, it takes '
    + 'the new definition at its next start. Neither folders nor file systems are made: see pool create.'

  static override examples = [
    '<%= config.bin %> pool define pool.xml',
    'ssh other bay pool xml --inactive vms | <%= config.bin %> pool define -',
  ]

  static override args = filesArg
  static override flags = changeFlags

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.define('pool', this.args.file ?? [], definePool)
  }
}
