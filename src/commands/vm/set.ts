import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, timeoutFlag } from '../../flags.js'
import { readSetWords, setKeys } from '../../set-keys.js'
import { saidOfSet } from '../../set-said.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { setVm } from '../../virt/ops/set-vm.js'

export default class VmSet extends ActionCommand<typeof VmSet> {
  static override summary = 'Change virtual machines: CPUs, memory, boot order and more'
  static override description = 'Changes what runs, as far as that can be, and what is stored, together, and says of each setting when it counts: now, '
    + 'or once the machine was stopped and started, for which a reboot of its guest is not enough. An empty value removes what can be removed.\n\nKeys: '
    + `${Object.entries(setKeys).map(([key, { value }]) => `${key}=${value}`).join(', ')}.`

  static override examples = [
    '<%= config.bin %> vm set web-1 vcpus=4 memory=8G',
    "<%= config.bin %> vm set 'web-*' cpu=host-passthrough --restart",
    '<%= config.bin %> vm set web-1 boot=network,disk description="the shop" autostart=on',
    '<%= config.bin %> vm set web-1 topology=1x4x2 --dry-run',
  ]

  static override args = { name: Args.string({ multiple: true, description: 'machine names or globs, and KEY=VALUE for what is to be changed' }) }
  static override flags = {
    ...manyFlags,
    restart: Flags.boolean({ description: 'stop a running machine, as vm stop does, and start it, when something needs that' }),
    timeout: { ...timeoutFlag, dependsOn: ['restart'] },
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { names, settings, autostart } = readSetWords(this.args.name ?? [])
    const { dryRun, flags: { restart, timeout } } = this
    return this.act({ action: 'set', kind: 'vm', names }, async (name, host) => {
      using _lock = dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const result = await setVm(host, domain, { settings, autostart }, { dryRun, restart, timeout, report: (step) => this.step(`${name}: ${step}`) })
      return { said: saidOfSet(result, { dryRun }), ...result }
    })
  }
}
