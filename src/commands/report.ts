import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../base.js'
import { modeFlag } from '../mode-flag.js'
import { renderReport } from '../report-page.js'
import { writeResultFile } from '../result-file.js'
import { makeReport, type ReportData } from '../virt/ops/make-report.js'

export default class Report extends BaseCommand<typeof Report> {
  static override summary = 'Tell of the whole host in one page of HTML'
  static override description = 'The host, its machines, pools and networks, the network map, and what host check, net check, filter audit and gc find. '
    + 'The page needs nothing else, runs nothing and can be mailed. A part that cannot be read is said in it. Findings do not change the exit code.'

  static override examples = [
    '<%= config.bin %> report > host.html',
    '<%= config.bin %> report -q --write /var/www/html/host.html',
    '<%= config.bin %> report -o json',
  ]

  static override flags = {
    write: Flags.string({ helpValue: 'FILE', description: 'write the page to this file, whole or not at all' }),
    mode: modeFlag({ helpValue: 'MODE', dependsOn: ['write'], description: 'who may read that file, as of chmod (default: 0644)' }),
    limit: Flags.integer({ min: 1, max: 10_000, default: 200, helpValue: 'N', description: 'how many of a kind are listed; of the machines first those that run' }),
  }

  async run(): Promise<ReportData> {
    const { write, mode = 0o644, limit } = this.flags
    const report = await makeReport({
      limit, open: (options) => this.openHost(options), openForAgents: () => this.openForAgents(),
    })
    if (write === undefined) return await this.showValue(report, renderReport(report))
    await writeResultFile(write, [Buffer.from(renderReport(report))], { replace: true, mode })
    await this.showValue({ action: 'write', kind: 'report', name: write, changed: true }, `report ${write}: written\n`)
    return report
  }
}
