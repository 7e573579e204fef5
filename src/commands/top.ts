import * as Flags from '@oclif/core/flags'
import { setTimeout as pause } from 'node:timers/promises'
import { BaseCommand } from '../base.js'
import { UsageError } from '../errors.js'
import { durationFlag, listFlags } from '../flags.js'
import { filterRows } from '../output/filter.js'
import { isTerminal, showsColor } from '../output/streams.js'
import { rateColumns } from '../stats-columns.js'
import { topLive } from '../top-live.js'
import { TopView } from '../top-view.js'
import type { Connection } from '../virt/connection.js'
import { interruptible } from '../virt/ops/interrupt.js'
import { sampleVms } from '../virt/ops/sample-vms.js'
import { withRates, type RatedVm } from '../virt/ops/vm-rates.js'

export default class Top extends BaseCommand<typeof Top> {
  static override summary = 'Watch what virtual machines do'
  static override description = 'The running machines with their CPU, memory, disks and network, and how these went lately. Keys: c, m, d, n, a sort by CPU, '
    + 'memory, disk, network and name, r turns it round, q leaves. Each look is one call to the host. What is no terminal gets one look, as with --once.'

  static override examples = [
    '<%= config.bin %> top',
    '<%= config.bin %> top --sort -memory --interval 5s',
    '<%= config.bin %> top --once -o json',
  ]

  static override flags = {
    ...listFlags,
    once: Flags.boolean({ description: 'look once, over one interval, print it and end' }),
    interval: durationFlag({ helpValue: 'TIME', default: 2000, defaultHelp: () => Promise.resolve('2s'), description: 'how often to look' }),
  }

  async run(): Promise<readonly RatedVm[]> {
    const { interval, sort, filter = [] } = this.flags
    if (interval < 100) throw new UsageError('--interval is shorter than 100ms', 'give 100ms or more')
    const live = !this.flags.once && this.format === 'table' && !this.flags.quiet && isTerminal() && showsColor()
    // A list is sorted by any of its columns.
    const view = new TopView(live ? sort : undefined)
    const host = await this.look()
    if (!live) return await this.#once(host, view)
    const keep = (rows: readonly RatedVm[]) => filterRows(rows, rateColumns, filter)
    await interruptible((signal) => topLive(host, view, { interval, signal, keep }), (how) => ({ message: how }))
    return []
  }

  async #once(host: Connection, view: TopView): Promise<readonly RatedVm[]> {
    const [before, began] = [sampleVms(host, { all: false }), performance.now()]
    await pause(this.flags.interval)
    const after = sampleVms(host, { all: false })
    return await this.showList(view.sorted(withRates(before, after, (performance.now() - began) / 1000)), rateColumns)
  }
}
