import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { BayError } from '../../errors.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { sh } from '../../shell.js'
import { deleteVm } from '../../virt/ops/delete-vm.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { planDeletion } from '../../virt/ops/plan-deletion.js'
import { RecentUse } from '../../virt/ops/recent-use.js'
import { settleDeletion, type FinishedDeletion } from '../../virt/ops/settle-deletion.js'

export default class VmDelete extends ActionCommand<typeof VmDelete> {
  static override summary = 'Delete virtual machines and their disks'
  static override description = 'The definition with its NVRAM, saved state and snapshots, and the volumes of its own. What another '
    + 'machine or volume uses, read-only media and disks outside all pools stay.'

  static override examples = [
    '<%= config.bin %> vm delete web-1',
    '<%= config.bin %> vm delete --yes --force web-1',
    "<%= config.bin %> vm delete --yes --keep-disks 'test-*'",
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...manyFlags,
    'keep-disks': Flags.boolean({ description: 'delete the machine only' }),
    'force': Flags.boolean({ description: 'also when it runs: its plug is pulled' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const names = this.args.name ?? []
    const { 'keep-disks': keepDisks, force } = this.flags
    await this.confirm(`delete ${this.flags.all ? 'all machines' : names.join(', ')}${keepDisks ? '' : ' with their disks'}?`)
    const use = new RecentUse({ dryRun: this.dryRun })
    let ended: AbortSignal | undefined
    return this.act({ action: 'delete', kind: 'vm', names }, async (name, host) => {
      ended?.throwIfAborted()
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      const settled = this.dryRun ? null : await settleDeletion(host, name, { keepDisks })
      if (settled) return outcome(settled, 'was deleted before; that is finished now')
      using domain = find.vm(host, name)
      const plan = planDeletion(host, domain, keepDisks ? null : use.read(host))
      if (plan.running && !force) throw isRunning(name)
      if (!this.dryRun) await interruptible((signal) => {
        signal.addEventListener('abort', () => { ended = signal })
        return deleteVm(host, plan, signal)
      }, (how) => ({ message: `${how} before it was begun` }))
      return outcome(plan, this.dryRun ? 'would be deleted' : 'deleted')
    })
  }
}

function isRunning(name: string): BayError {
  return new BayError('wrong-state', `${name} is running`, { hints: [sh`bay vm stop ${name}`, sh`bay vm delete --force ${name}`] })
}

function outcome(plan: FinishedDeletion, verb: string): Outcome {
  const disks = plan.delete.map((place) => `${place.pool}/${place.name}`)
  const free = plan.release.map(({ ip, network }) => `${ip} is no longer reserved in the network ${network}`)
  const kept = plan.keep.map(({ path, why }) => `${path} stays: ${why}`)
  return {
    changed: true, uuid: plan.uuid,
    said: [`${verb}${disks.length === 0 ? '' : ` with ${disks.join(', ')}`}`, ...free, ...kept].join('; '),
    // `volume` is what the disks of vm create and vm show call it.
    deleted: plan.delete.map(({ pool, name, path }) => ({ pool, name, volume: name, path })), kept: plan.keep,
    released: plan.release,
  }
}
