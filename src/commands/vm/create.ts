import * as Args from '@oclif/core/args'
import type { Interfaces } from '@oclif/core'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { creationFlags } from '../../creation-flags.js'
import { planned } from '../../creation-outcome.js'
import { guestFlags } from '../../guest-flags.js'
import { installFlags } from '../../install-flags.js'
import { isIncomplete, machinesWanted, type WantedMachine } from '../../machines-wanted.js'
import type { Connection } from '../../virt/connection.js'
import { checkSum } from '../../virt/ops/check-sum.js'
import { createVm } from '../../virt/ops/create-vm.js'
import { installNewVm } from '../../virt/ops/install-new-vm.js'
import { withSeed } from '../../virt/ops/seed-disk.js'
import { planWithImage } from '../../virt/ops/url-image.js'
import { unlessMade } from '../../virt/ops/unless-made.js'
import { waitForNewVm } from '../../virt/ops/wait-new-vm.js'
import { newVmFlags } from '../../vm-flags.js'

interface Run { signal: AbortSignal, as: string }
type Wanted = WantedMachine<Interfaces.InferredFlags<typeof VmCreate.flags>>

export default class VmCreate extends ActionCommand<typeof VmCreate> {
  static override summary = 'Create a virtual machine, or many'
  static override description = 'Makes its disks, defines it, starts it and waits. When a step fails, all that was made is removed again. '
    + 'Many at once: --count, or a file with a list of machines whose keys are these flags. On a terminal it asks for what is left open.'

  static override examples = [
    '<%= config.bin %> vm create web-1 --image debian-12.qcow2 --disk 20G --memory 2G --wait ip',
    '<%= config.bin %> vm create setup --iso /srv/debian-12-netinst.iso --disk 20G,pool=fast',
    '<%= config.bin %> vm create db --iso /srv/debian-12-netinst.iso --os debian --unattended --user anna --ssh-key ~/.ssh/id_ed25519.pub',
    '<%= config.bin %> vm create web --count 20 --image debian-12 --linked',
    '<%= config.bin %> vm create -f machines.yaml --if-missing',
  ]

  // Its input is the guests' passwords, or the file: never a name.
  static override args = { name: Args.string({ ignoreStdin: true, description: 'the machine\'s name; with --count the beginning of it' }) }
  static override flags = { ...newVmFlags, ...guestFlags, ...installFlags, ...creationFlags }

  readonly #answers = new Map<string, Promise<boolean>>()
  protected override get readOnlyChange(): boolean { return false }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { raw } = await this.parse(VmCreate)
    const parse = async (argv: string[]) => (await this.parse(VmCreate, argv)).flags
    const typed = { name: this.args.name, flags: this.flags, raw, definitions: VmCreate.flags, parse }
    if (!isIncomplete(typed) || !this.mayAsk) return this.#makeAll(await machinesWanted(typed))
    const { completeLine } = await import('../../wizard/complete-line.js')
    const { line, summary, equal } = await completeLine(await this.change(), typed, this.flags)
    this.note(summary)
    await this.confirm('create it?')
    return this.#makeAll(await machinesWanted(line)).finally(() => this.note(`the same without questions:\n${equal}`))
  }

  async #makeAll(wanted: readonly Wanted[]): Promise<ActionResult | ActionResult[]> {
    for (const note of await checkSum(await this.change(), wanted.map(({ request }) => request))) this.noteOnce(note)
    const many = this.flags.count !== undefined || this.flags.file !== undefined
    return this.actOnNew({ action: 'create', kind: 'vm' }, { many }, wanted.map((each) => ({
      name: each.request.name, work: (host, signal) => this.#make(host, each, { signal, as: many ? `${each.request.name}: ` : '' }),
    })))
  }

  async #make(host: Connection, machine: Wanted, run: Run): Promise<Outcome> {
    const make = () => this.#create(host, machine, run)
    if (!machine.flags['if-missing']) return make()
    return await unlessMade(host, { name: machine.request.name, signal: run.signal }, make) ?? { changed: false, said: 'exists already' }
  }

  async #create(host: Connection, { request, conditions, flags }: Wanted, { signal, as }: Run): Promise<Outcome> {
    const report = (step: string) => this.step(`${as}${step}`)
    const options = { mayStart: this.#mayStart.bind(this), dryRun: this.dryRun, signal, report: this.transfer(as) }
    const plan = await planWithImage(host, request, options)
    for (const note of plan?.notes ?? []) this.noteOnce(note)
    if (plan === null || this.dryRun) return planned(plan)
    const made = await withSeed(plan, signal, (whole) => createVm(host, whole, { signal, report }))
    const { installed, left } = await installNewVm(host, plan, { ...flags, report })
    const { addresses } = installed === false ? {} : await waitForNewVm(host, plan, conditions, { timeout: left, report })
    const said = installed ? 'created and installed' : made.started ? 'created and started' : 'created'
    return { changed: true, said: addresses ? `${said}, address ${addresses.join(', ')}` : said, ...made, installed, addresses: addresses ?? null }
  }

  /** Nobody at a terminal is no: the error names the command. Of many machines on the same networks one asks. */
  async #mayStart(networks: readonly string[]): Promise<boolean> {
    const them = `${networks.length === 1 ? 'the network' : 'the networks'} ${networks.join(', ')}`
    const answer = this.#answers.get(them) ?? this.agreed(`start ${them} before machines are made?`)
    this.#answers.set(them, answer)
    if (!await answer) return false
    this.noteOnce(`${this.dryRun ? 'would start' : 'starting'} ${them} first; that is not undone when the making of a machine fails`)
    return true
  }
}
