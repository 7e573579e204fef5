import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../action.js'
import { changeFlags, nameArg } from '../flags.js'
import { lockName } from '../virt/ops/host-lock.js'
import { undoChange } from '../virt/ops/undo-change.js'

export default class Undo extends ActionCommand<typeof Undo> {
  static override summary = 'Take back the last change of a virtual machine\'s definition'
  static override description = 'Once more takes back the change before that. Also brings back the definition of a machine that was deleted; '
    + 'its NVRAM is new then. Disks keep what is in them, and what runs goes on as it is until it is stopped.'

  static override examples = [
    '<%= config.bin %> undo web-1',
    '<%= config.bin %> undo web-1 --to 3',
    '<%= config.bin %> undo web-1 --dry-run',
  ]

  static override args = nameArg('vm')
  static override flags = {
    ...changeFlags,
    to: Flags.integer({ min: 1, max: 999_999, helpValue: 'NUMBER', description: 'this change of bay history, with all that came after it' }),
    force: Flags.boolean({ description: 'also when something else than bay changed it since, or its disks are gone' }),
  }

  async run(): Promise<ActionResult> {
    const { to, force } = this.flags
    return this.actOnOne({ action: 'undo', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      return { ...await undoChange(host, name, { dryRun: this.dryRun, to, force }) }
    })
  }
}
