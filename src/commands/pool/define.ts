import { ActionCommand, type ActionResult } from '../../action.js'
import { namesOf } from '../../find.js'
import { changeFlags, fileArg } from '../../flags.js'
import { readInput } from '../../input-file.js'
import { checkName } from '../../names.js'
import { readGiven } from '../../virt/ops/define.js'
import { definePool } from '../../virt/ops/define-pool.js'

export default class PoolDefine extends ActionCommand<typeof PoolDefine> {
  static override summary = 'Define a storage pool from XML'
  static override description = 'The XML is checked against libvirt\'s schema. A pool of that name is redefined under its own UUID; when it runs, it takes '
    + 'the new definition at its next start. Neither folders nor file systems are made: see pool create.'

  static override examples = [
    '<%= config.bin %> pool define pool.xml',
    'ssh other bay pool xml --inactive vms | <%= config.bin %> pool define -',
  ]

  static override args = fileArg
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const given = readGiven(await readInput(this.args.file), this.args.file, 'pool')
    return this.actOnOne({ action: 'define', kind: 'pool' }, given.name, (name, host) => {
      // What exists may have any name; what we make may not.
      if (!namesOf.pool(host).includes(name)) checkName('pool', name)
      return { ...definePool(host, given, { dryRun: this.dryRun }) }
    })
  }
}
