import * as Flags from '@oclif/core/flags'
import { ActionCommand, type Action, type ActionResult } from '../../action.js'
import { find, namesOf } from '../../find.js'
import { keepFlag, manyFlags, nameArgs } from '../../flags.js'
import { checkName, expandNames } from '../../names.js'
import { freeName, timeName } from '../../snapshot-names.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { takeGroup, type GroupOptions } from '../../virt/ops/take-group.js'
import { takeSnapshot } from '../../virt/ops/take-snapshot.js'

export default class SnapshotCreate extends ActionCommand<typeof SnapshotCreate> {
  static override summary = 'Take snapshots of virtual machines'
  static override description = 'Of a machine that runs with its memory, unless told otherwise. Inside of its disks (internal) where that is possible, '
    + 'else by new layers over them (external): a machine with UEFI, raw disks, or without memory while it runs.'

  static override examples = [
    '<%= config.bin %> snapshot create web-1',
    '<%= config.bin %> snapshot create web-1 --name before-upgrade --description "Debian 12 to 13"',
    "<%= config.bin %> snapshot create 'web-*' --disk-only --keep 7d4w -q",
    "<%= config.bin %> snapshot create 'shop-*' --group before-upgrade",
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...manyFlags,
    'name': Flags.string({ helpValue: 'NAME', description: 'its name (default: the time, such as 20261123-110500, in UTC)' }),
    'description': Flags.string({ helpValue: 'TEXT', description: 'what it is for' }),
    'disk-only': Flags.boolean({ description: 'without the memory of a machine that runs', exclusive: ['memory'] }),
    'memory': Flags.boolean({ description: 'with the memory (default for a machine that runs)' }),
    'external': Flags.boolean({ description: 'by new layers over the disks', exclusive: ['internal'] }),
    'internal': Flags.boolean({ description: 'inside of the disks' }),
    'quiesce': Flags.boolean({ allowNo: true, description: 'let the guest\'s agent make its file systems hold still (default: with --disk-only, when it answers)' }),
    'group': Flags.string({ helpValue: 'NAME', description: 'all of the machines in one moment, held by their agents: all or none' }),
    'keep': keepFlag({ helpValue: 'RULE', description: 'then delete older ones that bay has named, but for those: 7d4w is one a day for 7 days and one a week for 4 weeks' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { flags } = this
    const now = new Date()
    const name = flags.name === undefined ? timeName(now) : checkName('snapshot', flags.name)
    const memory = flags.memory ? true : flags['disk-only'] ? false : undefined
    const kind = flags.external ? 'external' : flags.internal ? 'internal' : undefined
    const wanted = {
      name, kind, memory, quiesce: flags.quiesce, description: flags.description ?? null, auto: flags.name === undefined,
      keep: flags.keep, dryRun: this.dryRun, now,
    } as const
    const action = { action: 'snapshot', kind: 'vm', names: this.args.name ?? [] } as const
    if (flags.group !== undefined) return await this.#takeGroup(action, checkName('snapshot', flags.group), wanted)
    return await this.act(action, async (vm, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', vm)
      using domain = find.vm(host, vm)
      return { ...await interruptible((signal) => takeSnapshot(host, domain, {
        ...wanted, name: wanted.auto ? freeName(domain, name) : name, signal, ...this.reportFor(vm),
      })) }
    })
  }

  async #takeGroup(
    action: Action, group: string, wanted: Omit<GroupOptions, 'group' | 'signal' | 'note' | 'step' | 'moved'>,
  ): Promise<ActionResult | ActionResult[]> {
    // It says what is wrong with that.
    if (this.flags.all === (action.names.length > 0)) return await this.act(action, () => ({ changed: false, said: '' }))
    const host = await this.change()
    const names = this.flags.all ? namesOf.vm(host) : expandNames(action.names, namesOf.vm(host), 'vm')
    const { step, moved } = this.reportFor(group)
    const { skew, snapshots } = await interruptible((signal) => takeGroup(host, names, {
      ...wanted, group, signal, step, moved, note: (text) => this.note(text),
    }))
    const none = { changed: false, said: 'was made meanwhile, and is not in the group' }
    const results = await this.act(action, (vm) => ({ ...snapshots.get(vm) ?? none }))
    if (!this.dryRun) this.note(`group ${group}: ${snapshots.size} machines, ${skew.toFixed(2)} s between the first and the last`)
    return results
  }
}
