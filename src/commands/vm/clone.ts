import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { checkName } from '../../names.js'
import type { Connection } from '../../virt/connection.js'
import { cloneVm } from '../../virt/ops/clone-vm.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { planClone } from '../../virt/ops/plan-clone.js'

export default class VmClone extends ActionCommand<typeof VmClone> {
  static override summary = 'Copy a virtual machine that is off, with its disks'
  static override description = 'The copy has a UUID, MAC addresses, disks, UEFI variables and, for cloud-init, an instance of its own; all else is as in the '
    + 'source. When a step fails, all that was made is removed again.'

  static override examples = [
    '<%= config.bin %> vm clone web-1 web-2',
    '<%= config.bin %> vm clone template web --count 5 --linked --start',
    '<%= config.bin %> vm clone db-1 db-test --pool slow --dry-run',
  ]

  static override args = { ...nameArg('vm'), newName: Args.string({ required: true, description: 'the copy\'s name; with --count the beginning of it' }) }
  static override flags = {
    ...changeFlags,
    'linked': Flags.boolean({ description: 'disks that are layers over the source\'s, which then must not be started any more' }),
    'count': Flags.integer({ min: 1, max: 1000, helpValue: 'N', description: 'make NEWNAME-1 to NEWNAME-N' }),
    'start': Flags.boolean({ description: 'start it' }),
    'pool': Flags.string({ helpValue: 'POOL', description: 'the pool for its disks (default: those of the source\'s)' }),
    'without-devices': Flags.boolean({ description: 'leave out PCI and USB devices, which only one machine can have' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { args: { newName }, flags: { count } } = this
    const names = count === undefined ? [newName] : Array.from({ length: count }, (_, index) => `${newName}-${index + 1}`)
    for (const name of names) checkName('vm', name)
    if (names.includes(this.args.name)) throw new UsageError('the copy needs another name than the source')
    return this.actOnNew({ action: 'clone', kind: 'vm' }, { many: count !== undefined }, names.map((name) => ({
      name, work: (host, signal) => this.#clone(host, name, { signal, as: count === undefined ? '' : `${name}: ` }),
    })))
  }

  async #clone(host: Connection, name: string, { signal, as }: { signal: AbortSignal, as: string }): Promise<Outcome> {
    const { linked, pool, start, 'without-devices': withoutDevices } = this.flags
    using _source = this.dryRun ? null : await lockName(host.uri(), 'vm', this.args.name, signal)
    using source = find.vm(host, this.args.name)
    const plan = await planClone(host, source, { name, linked, pool, withoutDevices })
    for (const note of plan.notes) this.noteOnce(note)
    const about = { source: this.args.name, linked }
    if (this.dryRun) {
      const disks = plan.disks.map(({ disk: { pool, volume, path } }) => ({ pool, volume, path }))
      return { changed: true, said: `would be cloned as\n${plan.xml([], null)}`, ...about, uuid: plan.uuid, started: false, nvram: plan.nvram?.to ?? null, disks }
    }
    const made = await cloneVm(host, source, plan, { start, signal, report: (step) => this.step(`${as}${step}`) })
    return { changed: true, said: `cloned from ${this.args.name}${made.started ? ' and started' : ''}`, ...about, ...made }
  }
}
