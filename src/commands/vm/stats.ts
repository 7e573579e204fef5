import * as Args from '@oclif/core/args'
import { setTimeout as pause } from 'node:timers/promises'
import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { durationFlag, listFlags } from '../../flags.js'
import { expandNames } from '../../names.js'
import { compareNatural } from '../../output/sort.js'
import { rateColumns, statsColumns } from '../../stats-columns.js'
import type { Connection } from '../../virt/connection.js'
import { sampleVms, type VmSample } from '../../virt/ops/sample-vms.js'
import { withRates, type RatedVm } from '../../virt/ops/vm-rates.js'

export default class VmStats extends BaseCommand<typeof VmStats> {
  static override summary = 'Show what virtual machines use: CPU, memory, disks and interfaces'
  static override description = 'Counted since each machine was started. With --interval it looks twice and shows what they do a second; CPU% is of one CPU. '
    + 'The running machines, or those that are named, off or not. However many there are, a look is one call to the host.'

  static override examples = [
    '<%= config.bin %> vm stats',
    "<%= config.bin %> vm stats 'web-*' --interval 2s --sort -cpu",
    '<%= config.bin %> vm stats db -o json',
  ]

  static override args = { name: Args.string({ multiple: true, description: "machine names; globs such as 'web-*' work in quotes" }) }
  static override flags = {
    ...listFlags,
    interval: durationFlag({ helpValue: 'TIME', description: 'look twice, so long apart, and show rates' }),
  }

  async run(): Promise<readonly RatedVm[]> {
    const { interval } = this.flags
    const host = await this.look()
    const [first, began] = [this.#sample(host), performance.now()]
    if (interval === undefined) return this.showList(first.map((row): RatedVm => ({ ...row, rates: null })), statsColumns)
    await pause(interval)
    const seconds = () => (performance.now() - began) / 1000
    return this.showList(withRates(first, this.#sample(host), seconds()), rateColumns)
  }

  #sample(host: Connection): VmSample[] {
    const { name: names = [] } = this.args
    const rows = sampleVms(host, { all: names.length > 0 })
      .sort((a, b) => compareNatural(a.name, b.name))
    if (names.length === 0) return rows
    const wanted = new Set(expandNames(names, rows.map((row) => row.name), 'vm'))
    const found = rows.filter((row) => wanted.delete(row.name))
    for (const missing of wanted) find.vm(host, missing)[Symbol.dispose]()
    return found
  }
}
