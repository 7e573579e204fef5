import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { diffForPerson, unifiedDiff } from '../../output/diff.js'
import { sidesOf } from '../../virt/ops/diff-vm.js'

interface DiffResult {
  name: string
  uuid: string
  running: boolean
  differs: boolean
  /** a unified diff from what runs to what is stored; '' for none */
  diff: string
  /** why there is nothing to compare */
  note: string | null
}

export default class VmDiff extends BaseCommand<typeof VmDiff> {
  static override summary = 'Show how a running machine differs from its stored definition'
  static override description = 'A unified diff from what runs (-) to what the machine has once it was stopped and started (+). What libvirt adds while it '
    + 'runs, such as names of taps, ports and labels, is left out; passwords are not compared. Exit code 3 when there are differences.'

  static override examples = [
    '<%= config.bin %> vm diff web-1',
    '<%= config.bin %> vm diff web-1 --quiet || echo "web-1 needs a stop and a start"',
  ]

  static override args = nameArg('vm')

  async run(): Promise<DiffResult> {
    const { name } = this.args
    using domain = find.vm(await this.look(), name)
    const { uuid, running, live, stored, nothing } = sidesOf(domain)
    const diff = unifiedDiff({ from: `${name} as it runs`, to: `${name} as it is stored`, before: live, after: stored })
    const differs = diff !== ''
    if (!differs && !this.structured) this.note(`${name} ${nothing ?? 'runs as it is stored'}`)
    if (differs) this.endWith('differences')
    return await this.showValue({ name, uuid, running, differs, diff, note: nothing }, diffForPerson(diff))
  }
}
