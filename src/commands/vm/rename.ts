import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError } from '../../errors.js'
import { find, namesOf } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { checkName } from '../../names.js'
import { sh } from '../../shell.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { renameVm } from '../../virt/ops/rename-vm.js'

export default class VmRename extends ActionCommand<typeof VmRename> {
  static override summary = 'Rename a virtual machine that is off'
  static override description = 'Its disks keep their names.'
  static override examples = ['<%= config.bin %> vm rename web-1 www-1']
  static override args = { ...nameArg('vm'), newName: Args.string({ required: true, description: 'its new name' }) }
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const newName = checkName('vm', this.args.newName)
    return this.actOnOne({ action: 'rename', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      if (name === newName) return { changed: false, said: 'has that name already', newName }
      if (domain.isActive()) throw new BayError('wrong-state', `${name} is running`, { hints: [sh`bay vm stop ${name}`] })
      if (namesOf.vm(host).includes(newName)) throw new BayError('exists', `there is a machine ${newName} already`, { hints: ['bay vm list'] })
      if (!this.dryRun) renameVm(host, domain, newName)
      return { changed: true, said: `is now ${newName}`, newName }
    })
  }
}
