import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../base.js'
import { BayError, UsageError } from '../errors.js'
import { eventFilter, eventLine, parseEventPattern } from '../event-text.js'
import { durationFlag } from '../flags.js'
import { toJsonLine } from '../output/serialize.js'
import { isReaderGone, writeOut } from '../output/streams.js'
import type { HostEvent } from '../virt/events.js'
import { followEvents, type Followed } from '../virt/ops/follow-events.js'
import { interruptible } from '../virt/ops/interrupt.js'

export default class Events extends BaseCommand<typeof Events> {
  static override summary = 'Tell what happens on the host, as it happens'
  static override description = 'Machines that start, stop, reboot or have an I/O error; devices, block jobs, agents, networks and pools. A line an event; with '
    + '-o json each line is a JSON object. It ends after --count events, at --timeout, or with the event that --for names; else by Ctrl-C. '
    + 'What --count or --for asked for and --timeout cut short is exit code 124; a host that is lost is 6.'

  static override examples = [
    '<%= config.bin %> events',
    "<%= config.bin %> events 'web-*' --event lifecycle -o json",
    '<%= config.bin %> events db --for lifecycle:stopped --timeout 5m -q',
  ]

  static override args = { name: Args.string({ multiple: true, description: "only events of these machines, networks and pools; globs such as 'web-*' work in quotes" }) }
  static override flags = {
    event: Flags.string({
      multiple: true, multipleNonGreedy: true, helpValue: 'EVENT', description: 'only these: an event, its state or both, such as io-error, stopped, agent:connected; repeatable',
    }),
    kind: Flags.option({ options: ['vm', 'net', 'pool'] as const, multiple: true, multipleNonGreedy: true, description: 'only of these kinds; repeatable' })(),
    count: Flags.integer({ min: 1, max: 1_000_000_000, helpValue: 'N', description: 'end after so many' }),
    for: Flags.string({ helpValue: 'EVENT', description: 'end with this one, of those that are shown' }),
    timeout: durationFlag({ helpValue: 'TIME', description: 'end after this time' }),
  }

  async run(): Promise<Followed> {
    const { event: events = [], kind: kinds = [], count, timeout } = this.flags
    if (!['table', 'wide', 'json'].includes(this.format)) throw new UsageError(`events have no form ${this.format}`, 'use -o json for a JSON object a line')
    const wanted = eventFilter({ names: this.args.name ?? [], kinds, events })
    const awaited = this.flags.for === undefined ? undefined : parseEventPattern(this.flags.for)
    const until = awaited && ((event: HostEvent) => wanted(event) && awaited(event))
    const host = await this.look()
    const followed = await interruptible((signal) => followEvents(host, {
      wanted, signal, deaf: isReaderGone, show: (event) => this.#show(event), ready: () => this.note('listening'),
      ...until && { until }, ...count !== undefined && { count }, ...timeout !== undefined && { timeout },
    }), (how) => ({ message: how }))
    if (followed.lost > 0) this.note(`bay: ${followed.lost} events were left out, for nobody read them in time`)
    const short = followed.ended === 'time' && (count !== undefined || awaited !== undefined)
    if (short) throw new BayError('timeout', this.flags.for === undefined ? `${followed.shown} of ${count} events came in time` : `no ${this.flags.for} came in time`)
    return followed
  }

  async #show(event: HostEvent): Promise<void> {
    if (this.format === 'json') await writeOut(toJsonLine(event))
    else if (!this.flags.quiet) await writeOut(eventLine(event))
  }
}
