import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { BayError } from '../../errors.js'
import { namesOf } from '../../find.js'
import { changeFlags, durationFlag, nameArg } from '../../flags.js'
import { guestFlags } from '../../guest-flags.js'
import { Progress } from '../../output/progress.js'
import type { Connection } from '../../virt/connection.js'
import { createVm } from '../../virt/ops/create-vm.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import type { NewVm } from '../../virt/ops/new-vm.js'
import { planVm } from '../../virt/ops/plan-vm.js'
import { withSeed } from '../../virt/ops/seed-disk.js'
import { conditionChoice, type Condition } from '../../virt/ops/wait-condition.js'
import { conditionsOfNew, waitForNewVm } from '../../virt/ops/wait-new-vm.js'
import { newVmFrom } from '../../vm-request.js'
import { newVmFlags } from '../../vm-flags.js'

export default class VmCreate extends ActionCommand<typeof VmCreate> {
  static override summary = 'Create a virtual machine'
  static override description = 'Makes its disks, defines it, starts it and waits. When a step fails, all that was made is removed again.'
  static override examples = [
    '<%= config.bin %> vm create web-1 --image debian-12.qcow2 --disk 20G --memory 2G --wait ip',
    '<%= config.bin %> vm create web-2 --image default/debian-12.qcow2 --linked',
    '<%= config.bin %> vm create setup --iso /srv/debian-12-netinst.iso --disk 20G,pool=fast',
    '<%= config.bin %> vm create tiny --kernel /srv/vmlinuz --initrd /srv/initrd.gz --cmdline console=ttyS0 --network default',
  ]

  static override args = nameArg('vm')
  static override flags = {
    ...newVmFlags, ...guestFlags, ...changeFlags,
    'autostart': Flags.boolean({ description: 'start it with its host' }),
    'no-start': Flags.boolean({ description: 'do not start it' }),
    'wait': Flags.string({
      multiple: true, multipleNonGreedy: true, default: ['running'], helpValue: `${conditionChoice}|none`,
      description: 'what to wait for; repeatable: all of it',
    }),
    'timeout': durationFlag({ helpValue: 'TIME', default: 300_000, defaultHelp: () => Promise.resolve('5m'), description: 'how long to wait' }),
    'if-missing': Flags.boolean({ description: 'leave a machine of that name alone instead of failing' }),
  }

  protected override get readOnlyChange(): boolean { return false }

  async run(): Promise<ActionResult> {
    const request = await newVmFrom(this.args.name, this.flags)
    const conditions = conditionsOfNew(this.flags.wait, request)
    return this.actOnOne({ action: 'create', kind: 'vm' }, request.name, (name, host) => {
      if (!namesOf.vm(host).includes(name)) return this.#create(host, request, conditions)
      if (this.flags['if-missing']) return { changed: false, said: 'exists already' }
      throw new BayError('exists', `there is a machine ${name} already`, { hints: [`bay vm show ${name}`, 'give another name, or --if-missing'] })
    })
  }

  async #create(host: Connection, request: NewVm, conditions: readonly Condition[]): Promise<Outcome> {
    const plan = await planVm(host, request)
    const xml = plan.xml([])
    for (const note of plan.notes) this.note(note)
    if (this.dryRun) return { changed: true, said: `would be created as\n${xml}`, uuid: plan.uuid, disks: plan.disks, xml }
    using progress = new Progress({ quiet: this.flags.quiet })
    const report = (step: string) => progress.step(step)
    const made = await interruptible((signal) => withSeed(plan, signal, (whole) => createVm(host, whole, { signal, report })))
    const { addresses } = await waitForNewVm(host, plan, conditions, { timeout: this.flags.timeout, report })
    const said = made.started ? 'created and started' : 'created'
    return { changed: true, said: addresses ? `${said}, address ${addresses.join(', ')}` : said, ...made, addresses: addresses ?? null }
  }
}
