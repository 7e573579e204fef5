import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { filtersWanted, ruleFlags } from '../../filter-flags.js'
import { remarksOn } from '../../firewall/remarks.js'
import { changeFlags } from '../../flags.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { writeFilters } from '../../virt/ops/write-filters.js'

export default class FilterCreate extends ActionCommand<typeof FilterCreate> {
  static override summary = 'Create network filters from rules'
  static override description = 'What no rule lets through is dropped, in both directions and both families, but for what a guest needs to work: ARP, DHCP, '
    + 'DNS, neighbour discovery, and the answers and errors of what is let through. All filters of a file are made, or none. With --replace those that exist get the new '
    + 'rules, at once also on the machines that use them. See docs/filters.md.'

  static override examples = [
    '<%= config.bin %> filter create web --allow https --allow-from 10.0.0.0/8:ssh',
    '<%= config.bin %> filter create shop --inherit web --allow tcp/8080',
    '<%= config.bin %> filter create web -f rules.yaml --replace',
    '<%= config.bin %> filter create db --profile database',
  ]

  static override args = { name: Args.string({ ignoreStdin: true, description: 'the filter\'s name; none for a file that names its filters' }) }
  static override flags = {
    ...changeFlags, ...ruleFlags,
    replace: Flags.boolean({ description: 'give filters that exist already these rules' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { filters, place } = await filtersWanted(this.args.name, this.flags)
    for (const { line, text } of filters.flatMap(remarksOn)) this.note(`bay: ${place.wrong(line, text).message}`)
    const host = await this.change()
    using _lock = this.dryRun ? null : await lockName(host.uri(), 'filter', 'of this host')
    const written = await writeFilters(host, filters, { place, replace: this.flags.replace, dryRun: this.dryRun })
    const jobs = written.map(({ name, ...outcome }) => ({ name, work: () => ({ ...outcome }) }))
    return await this.actOnNew({ action: 'create', kind: 'filter' }, { many: jobs.length > 1 }, jobs)
  }
}
