import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs, offFlag } from '../../flags.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { protectVm, readProtection, type Protection } from '../../virt/ops/protect-vm.js'

export default class VmProtect extends ActionCommand<typeof VmProtect> {
  static override summary = 'Guard virtual machines against deletion'
  static override description = 'Refused is then vm delete, also with --force; with --stop also vm stop, vm save and whatever else '
    + 'would stop it. Guests still turn themselves off. Other tools than bay do not know of it.'

  static override examples = [
    '<%= config.bin %> vm protect db-1',
    "<%= config.bin %> vm protect --stop 'prod-*'",
    '<%= config.bin %> vm protect --off db-1',
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...manyFlags,
    stop: Flags.boolean({ allowNo: true, description: 'also against being stopped, or with --no-stop no longer', exclusive: ['off'] }),
    off: offFlag,
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    return this.act({ action: 'protect', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const { off, stop } = this.flags
      const wanted = off ? { delete: false, stop: false } : { delete: true, stop: stop ?? readProtection(domain).stop }
      return outcome(protectVm(host, domain, wanted, { dryRun: this.dryRun }), wanted)
    })
  }
}

function outcome({ changed }: { changed: boolean }, { delete: deletion, stop }: Protection): Outcome {
  const against = [...deletion ? ['delete'] : [], ...stop ? ['stop'] : []]
  const said = against.length === 0 ? 'not protected' : `protected against ${against.join(' and ')}`
  return { changed, said: changed ? said : `already ${said}`, protected: deletion, protectedAgainst: against }
}
