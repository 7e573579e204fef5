import * as Args from '@oclif/core/args'
import { BaseCommand } from '../base.js'
import { BayError } from '../errors.js'
import { listFlags, nameArg } from '../flags.js'
import { diffForPerson, unifiedDiff } from '../output/diff.js'
import type { Column } from '../output/table.js'
import { sh } from '../shell.js'
import { listHistory, type ChangeRow } from '../virt/ops/list-history.js'

export default class History extends BaseCommand<typeof History> {
  static override summary = 'List what was changed of a virtual machine\'s definition'
  static override description = 'Each change that bay made, for bay undo; with a number what it changed. Deleted machines are found by their name. '
    + 'It is kept by this user on this computer: the last 100 changes of a machine.'

  static override examples = [
    '<%= config.bin %> history web-1',
    '<%= config.bin %> history web-1 3',
    '<%= config.bin %> history web-1 3 -o xml > before.xml',
  ]

  static override args = { ...nameArg('vm'), number: Args.integer({ min: 1, max: 999_999, description: 'the change to show, as a diff; -o xml is the XML before it' }) }
  static override flags = listFlags

  async run(): Promise<unknown> {
    const { name, number } = this.args
    const changes = listHistory(await this.look(), name)
    if (number === undefined) return this.showList(changes.map(listed), columns, { nameOf: (row) => String(row.number) })
    const change = changes.find((each) => each.number === number)
    if (!change) throw new BayError('not-found', `the history of ${name} has no change ${number}`, { hints: [sh`bay history ${name}`] })
    if (this.format === 'xml') return this.showText(change.before)
    const diff = unifiedDiff({ from: `${name} before ${number}`, to: `${name} after ${number}`, ...change })
    return this.showValue({ ...change, diff }, diffForPerson(diff))
  }
}

function listed({ before: _before, after: _after, ...row }: ChangeRow) {
  return row
}

const columns: Column<ReturnType<typeof listed>>[] = [
  { key: 'number', get: (row) => row.number, align: 'right' },
  { key: 'time', get: (row) => row.time },
  { key: 'command', get: (row) => row.command },
  { key: 'undone', get: (row) => row.undone },
  { key: 'undoes', get: (row) => row.undoes },
  { key: 'name', get: (row) => row.name, wide: true },
]
