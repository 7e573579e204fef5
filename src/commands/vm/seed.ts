import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, nameArg, timeoutFlag } from '../../flags.js'
import { guestFlags, guestFrom, PasswordHashes, saysOfGuest } from '../../guest-flags.js'
import { sh } from '../../shell.js'
import { seedVm, type SeededVm } from '../../virt/ops/seed-vm.js'

export default class VmSeed extends ActionCommand<typeof VmSeed> {
  static override summary = 'Tell a guest with cloud-init something new'
  static override description = 'Writes a new disc for cloud-init, which does all of it at the machine\'s next start, as at its first one: what is '
    + 'not given now is not said again, and what the guest has stays. A reboot of the guest is no start; --restart is.'

  static override examples = [
    '<%= config.bin %> vm seed web-1 --user anna --ssh-key ~/.ssh/id_ed25519.pub --restart',
    '<%= config.bin %> vm seed web-1 --hostname www --package nginx --dry-run',
  ]

  static override args = nameArg('vm')
  static override flags = {
    ...guestFlags, ...changeFlags,
    restart: Flags.boolean({ description: 'stop the machine, as vm stop does, and start it' }),
    timeout: { ...timeoutFlag, dependsOn: ['restart'] },
  }

  async run(): Promise<ActionResult> {
    const { flags } = this
    if (!saysOfGuest(flags)) {
      throw new UsageError('nothing is said of the guest', `give one of ${Object.keys(guestFlags).map((name) => `--${name}`).join(', ')}`)
    }
    const { user, package: packages = [], run = [] } = flags
    const guest = { ...await guestFrom(flags, new PasswordHashes()), user, packages, run }
    return this.actOnOne({ action: 'seed', kind: 'vm' }, this.args.name, async (name, host) => {
      using domain = find.vm(host, name)
      const { dryRun } = this
      const seeded = await seedVm(host, domain, guest, {
        dryRun, restart: flags.restart, timeout: flags.timeout, report: (step) => this.step(step), note: (text) => this.note(text),
      })
      return outcome(name, seeded, { dryRun, wasActive: domain.isActive() })
    })
  }
}

function outcome(name: string, seeded: SeededVm, { dryRun, wasActive }: { dryRun: boolean, wasActive: boolean }): Outcome {
  const start = wasActive ? sh`bay vm stop ${name} && bay vm start ${name}` : sh`bay vm start ${name}`
  const when = seeded.applied ? 'started with a new seed' : `${dryRun ? 'would get' : 'has'} a new seed, applied at its next start: ${start}`
  const kept = seeded.kept.map(({ pool, volume, why }) => `${pool}/${volume} stays: ${why}`)
  return { changed: true, said: [when, ...kept].join('; '), ...seeded }
}
