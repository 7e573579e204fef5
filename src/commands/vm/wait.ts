import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { durationFlag, nameArgs } from '../../flags.js'
import { conditionChoice, parseConditions } from '../../virt/ops/wait-condition.js'
import { waitForVm } from '../../virt/ops/wait-vm.js'

export default class VmWait extends ActionCommand<typeof VmWait> {
  static override summary = 'Wait until virtual machines are ready'
  static override description = 'Returns when every named machine is all that --for says: running, off, paused; has an address that is of its '
    + 'present run; answers through its guest agent; takes a TCP connection from here on a port; is installed, '
    + 'which also does what an unattended install has left to do, and starts it. '
    + 'Exit code 124 when that takes too long, with what is known of why; 5 at once when it goes off meanwhile.'

  static override examples = [
    '<%= config.bin %> vm wait web-1 --for ip',
    '<%= config.bin %> vm wait web-1 --for ip --for port:22 --timeout 5m',
    "<%= config.bin %> vm wait 'web-*' --for off --timeout 5m",
    '<%= config.bin %> vm wait db --for installed --for port:22 --timeout 2h',
  ]

  static override args = nameArgs('vm')
  static override flags = {
    all: Flags.boolean({ description: 'wait for all of them' }),
    parallel: Flags.integer({ min: 1, max: 64, default: 16, helpValue: 'N', description: 'how many to watch at the same time' }),
    for: Flags.string({
      multiple: true, multipleNonGreedy: true, default: ['running'], helpValue: conditionChoice, description: 'what to wait for; repeatable: all of it',
    }),
    timeout: durationFlag({ helpValue: 'TIME', default: 120_000, defaultHelp: () => Promise.resolve('2m'), description: 'give up after this time' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { timeout } = this.flags
    const conditions = parseConditions(this.flags.for, '--for')
    const texts = conditions.map(({ text }) => text)
    return this.act({ action: 'wait', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using domain = find.vm(host, name)
      const { changed, conditions: met, addresses } = await waitForVm(host, domain, conditions, { timeout })
      const said = met.map(({ condition, addresses }) => condition === 'ip' && addresses ? addresses.join(', ') : condition).join(', ')
      return { changed, said, for: texts.join(','), addresses: addresses ?? null, conditions: met }
    })
  }
}
