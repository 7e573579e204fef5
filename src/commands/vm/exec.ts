import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult } from '../../action.js'
import { execFlags, guestCommand } from '../../exec-flags.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { guestTexts, showGuestOutput } from '../../output/guest-output.js'
import { mustHaveAgent } from '../../virt/ops/agent.js'
import { execInVm } from '../../virt/ops/exec-vm.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class VmExec extends ActionCommand<typeof VmExec> {
  static override summary = 'Run a command in a virtual machine, by its guest agent'
  static override description = 'Runs a program in the guest, as the agent\'s user (mostly root) and without a shell, waits for its end and prints what it '
    + 'printed: at most 3 MB. The exit code is the command\'s, or 128 and the signal that ended it; an error of bay itself begins with "bay:" on '
    + 'stderr. Write -- before the command, or its flags are taken for bay\'s.'

  static override examples = [
    '<%= config.bin %> vm exec web-1 -- uname -a',
    "<%= config.bin %> vm exec web-1 --timeout 5m -- sh -c 'apt-get update && apt-get -y upgrade > /var/log/upgrade.log'",
    '<%= config.bin %> vm exec web-1 --stdin -- tee /etc/motd < motd',
    '<%= config.bin %> vm exec web-1 --json -- cat /etc/os-release',
  ]

  static override args = {
    ...nameArg('vm'),
    command: Args.string({ multiple: true, required: true, description: 'the program and its arguments, after --' }),
  }

  static override flags = { ...changeFlags, ...execFlags }

  async run(): Promise<ActionResult> {
    const { args: { name }, flags: { timeout, raw } } = this
    const command = await guestCommand(this.args.command ?? [], this.flags)
    const action = { action: 'exec', kind: 'vm' as const }
    if (this.dryRun) {
      return this.actOnOne(action, name, (_, host) => {
        using domain = find.vm(host, name)
        mustHaveAgent(domain)
        return { changed: true, said: `would run ${[command.path, ...command.args].join(' ')}` }
      })
    }
    using domain = find.vm(await this.change(), name)
    const end = await interruptible((signal) => execInVm(domain, command, { timeout, signal }))
    const result = { ...action, name, changed: true, ...end, ...guestTexts(end) }
    if (['json', 'yaml'].includes(this.format)) await this.showValue(result, '')
    else if (!this.flags.quiet) await showGuestOutput(end, { raw })
    this.endAsGuest(end.exitCode, end.signal)
    return result
  }
}
