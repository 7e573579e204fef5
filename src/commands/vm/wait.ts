import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { durationFlag, nameArgs } from '../../flags.js'
import { conditions, waitForVm } from '../../virt/ops/wait-vm.js'

export default class VmWait extends ActionCommand<typeof VmWait> {
  static override summary = 'Wait until virtual machines are ready'
  static override description = 'Returns when every named machine is what --for says: running, off, paused, has an address that is of its '
    + 'present run, or answers through its guest agent. Exit code 124 when that takes too long.'

  static override examples = [
    '<%= config.bin %> vm wait web-1 --for ip',
    "<%= config.bin %> vm wait 'web-*' --for off --timeout 5m",
  ]

  static override args = nameArgs('vm')
  static override flags = {
    all: Flags.boolean({ description: 'wait for all of them' }),
    parallel: Flags.integer({ min: 1, max: 64, default: 16, helpValue: 'N', description: 'how many to watch at the same time' }),
    for: Flags.option({ options: conditions, default: 'running' as const, description: 'what to wait for' })(),
    timeout: durationFlag({ helpValue: 'TIME', default: 120_000, defaultHelp: () => Promise.resolve('2m'), description: 'give up after this time' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { for: condition, timeout } = this.flags
    return this.act({ action: 'wait', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      const { addresses } = await waitForVm(host, domain, condition, { timeout })
      return { changed: false, said: addresses ? addresses.join(', ') : condition, for: condition, addresses: addresses ?? null }
    })
  }
}
