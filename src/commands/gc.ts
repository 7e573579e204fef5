import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../base.js'
import { changeFlags, durationFlag, listFlags } from '../flags.js'
import { amount, garbageColumns as columns, garbageWords as words } from '../gc-table.js'
import { filterRows } from '../output/filter.js'
import { Progress } from '../output/progress.js'
import { isInteractive } from '../output/streams.js'
import type { Connection } from '../virt/connection.js'
import { deleteGarbage } from '../virt/ops/gc-delete.js'
import { garbageKinds, isOurs, type GarbageItem, type Sweep } from '../virt/ops/gc-item.js'
import { failureOf, rowOf, type GarbageRow } from '../virt/ops/gc-row.js'
import { sweep, youngest, type SweepOptions } from '../virt/ops/gc.js'
import { interruptible } from '../virt/ops/interrupt.js'

export default class Gc extends BaseCommand<typeof Gc> {
  static override summary = 'List what no machine uses, and delete it with --yes'
  static override description = 'Volumes, seeds of machines that are gone, images whose copying was cut, NVRAM files, network filters and reserved addresses. '
    + 'Nothing is deleted without --yes, or a yes at a terminal; and volumes, filters and addresses only when --only names them, '
    + 'for a volume that nothing uses today may hold somebody\'s data. For cron: bay gc --yes --only seeds,nvram.'

  static override examples = [
    '<%= config.bin %> gc',
    '<%= config.bin %> gc --yes --only seeds,nvram',
    '<%= config.bin %> gc --yes --only volumes --filter pool=scratch --older-than 2d',
  ]

  static override flags = {
    ...listFlags, ...changeFlags,
    'only': Flags.option({
      options: Object.keys(words), multiple: true, multipleNonGreedy: true, delimiter: ',', helpValue: 'KIND,…',
      description: `only these, of ${Object.keys(words).join(', ')}; repeatable`,
    })(),
    'older-than': durationFlag({
      helpValue: 'TIME', default: youngest, defaultHelp: () => Promise.resolve('1h'),
      description: 'leave out what was changed since: another run may be making it',
    }),
  }

  protected override get readOnlyChange(): boolean { return this.dryRun || (!this.flags.yes && !this.#canAsk) }

  async run(): Promise<readonly GarbageRow[]> {
    const options = { kinds: new Set(this.flags.only?.flatMap((word) => words[word] ?? []) ?? garbageKinds), olderThan: this.flags['older-than'] }
    const host = await this.change()
    const found = sweep(host, options)
    const items = new Map(found.items.map((item): [GarbageRow, GarbageItem] => [rowOf(item, found.blocked.get(item.kind)), item]))
    const rows = filterRows([...items.keys()], columns, this.flags.filter ?? [])
    const wanted = rows.filter(({ kind }) => !found.blocked.has(kind) && (isOurs(kind) || this.flags.only !== undefined))
    const deletes = this.flags.yes && !this.dryRun
    if (!deletes) await this.#show(rows, found, wanted)
    if (!deletes && (wanted.length === 0 || !this.#canAsk || !await this.agreed(`delete ${amount(wanted)}?`))) return rows
    return this.#delete(host, { rows, wanted, items, options, found })
  }

  get #canAsk(): boolean {
    return !this.dryRun && !this.structured && !this.flags['no-input'] && isInteractive()
  }

  async #delete(host: Connection, { rows, wanted, items, options, found }: Deletion): Promise<readonly GarbageRow[]> {
    using progress = new Progress({ quiet: this.flags.quiet })
    const swept = await interruptible((signal) => deleteGarbage(
      host, wanted.flatMap((row) => items.get(row) ?? []), options, { signal, report: (step) => progress.step(step) },
    ), (how) => ({ message: `${how}; what was deleted is gone`, hints: ['bay gc shows what is left'] }))
    const results = new Map(swept.map(({ item, result, why }) => [item, { result, why }]))
    const after = rows.map((row): GarbageRow => ({ ...row, ...results.get(items.get(row) as GarbageItem) }))
    if (this.flags.yes) await this.#show(after, found)
    for (const { kind, name, why } of this.flags.yes ? [] : after.filter(({ result }) => result === 'kept')) this.note(`the ${kind} ${name} stays: ${why}`)
    this.note(`deleted ${amount(after.filter(({ result }) => result === 'deleted'))}`)
    const failure = failureOf(swept)
    if (failure) throw Object.assign(failure, { alreadyShown: this.structured })
    return after
  }

  /** The list, and what people should know of it. `wanted` is what could be deleted now. */
  async #show(rows: readonly GarbageRow[], { blocked, notes }: Sweep, wanted?: readonly GarbageRow[]): Promise<void> {
    if (rows.length > 0 || this.structured) await this.showList(rows, columns, { nameOf: ({ kind, name }) => `${kind} ${name}` })
    else this.note('nothing was found that no machine uses')
    for (const note of notes) this.note(note)
    for (const [kind, doubts] of blocked) this.note(`no ${kind} is deleted: ${doubts.join('; ')}`)
    if (rows.length > 0 && wanted) this.note(`${amount(rows)}; --yes deletes ${wanted.length === 0 ? 'nothing of it' : amount(wanted)}`)
  }
}

interface Deletion {
  rows: readonly GarbageRow[]
  wanted: readonly GarbageRow[]
  items: ReadonlyMap<GarbageRow, GarbageItem>
  options: SweepOptions
  found: Sweep
}
