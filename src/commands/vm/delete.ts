import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError } from '../../errors.js'
import { find } from '../../find.js'
import { manyFlags, nameArgs } from '../../flags.js'
import { deleteVm, planDeletion, type VmDeletion } from '../../virt/ops/delete-vm.js'
import { VolumeUse } from '../../virt/ops/volume-use.js'

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
    let use: VolumeUse | undefined
    return this.act({ action: 'delete', kind: 'vm', names }, async (name, host) => {
      using domain = find.vm(host, name)
      // Read once for all of them: it takes a call for each machine and each volume of the host.
      const plan = planDeletion(host, domain, keepDisks ? null : use ??= VolumeUse.read(host))
      if (plan.running && !force) throw isRunning(name)
      if (!this.dryRun) await deleteVm(host, domain, plan)
      return { changed: true, said: said(plan, this.dryRun ? 'would be deleted' : 'deleted'), uuid: plan.uuid, deleted: plan.delete, kept: plan.keep }
    })
  }
}

function isRunning(name: string): BayError {
  return new BayError('wrong-state', `${name} is running`, { hints: [`bay vm stop ${name}`, `bay vm delete --force ${name}`] })
}

function said(plan: VmDeletion, verb: string): string {
  const disks = plan.delete.map((place) => `${place.pool}/${place.name}`)
  const kept = plan.keep.map(({ path, why }) => `${path} stays: ${why}`)
  return [`${verb}${disks.length === 0 ? '' : ` with ${disks.join(', ')}`}`, ...kept].join('; ')
}
