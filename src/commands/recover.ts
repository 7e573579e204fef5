import { BaseCommand } from '../base.js'
import { recoverBridges } from '../bridge-left.js'
import { BayError, type ErrorCode } from '../errors.js'
import { changeFlags } from '../flags.js'
import type { Column } from '../output/table.js'
import { recoverAll, type Recovery } from '../virt/ops/recover.js'

export default class Recover extends BaseCommand<typeof Recover> {
  static override summary = 'Undo what runs left that were killed'
  static override description = 'A run that makes something writes down first how it is undone. When it dies before its end, by kill -9, a crash or a '
    + 'power cut, this undoes what it made, on whichever hosts; with -c only on that one. What a run had finished stays, and so does '
    + 'what somebody uses by now. A change of this system\'s bridges whose guard was killed too is undone. The deletion of a machine is finished, or has not happened when the machine is still there.'

  static override examples = [
    '<%= config.bin %> recover',
    '<%= config.bin %> recover --dry-run',
    '<%= config.bin %> recover -c qemu:///system -o json',
  ]

  static override flags = changeFlags

  async run(): Promise<readonly Recovery[]> {
    const { dryRun } = this
    const only = this.flags.connect === undefined ? undefined : (await this.openHost({ readOnly: true })).connection.uri()
    // Bridges are this system's, whichever hosts of libvirt's there are.
    const bridges = only === undefined ? await recoverBridges({ dryRun }) : null
    const others = await recoverAll({ only, dryRun, open: (uri) => this.openHost({ readOnly: dryRun, uri }) })
    const recoveries = bridges === null ? others : [bridges, ...others]
    if (recoveries.length === 0) this.note('nothing was left behind')
    if (this.structured || (recoveries.length > 0 && !this.flags.quiet)) {
      await this.showList(recoveries, columns, { nameOf: ({ run }) => run })
    }
    const left = recoveries.filter(({ result }) => result === 'left')
    const unknown = recoveries.filter(({ result }) => result === 'unknown')
    if (left.length > 0 && !dryRun) throw this.#failure('left-behind', left)
    if (unknown.length > 0) throw this.#failure(commonCode(unknown) ?? 'failed', unknown)
    return recoveries
  }

  #failure(code: ErrorCode, runs: readonly Recovery[]): BayError {
    const what = runs.map((each) => [titleOf(each), ...each.left, each.error].filter(Boolean).join(': '))
    const error = new BayError(code, `not recovered: ${what.join('; ')}`, { hints: [...new Set(runs.flatMap(({ hints }) => hints))] })
    // The result on stdout has it all, and is one document.
    return Object.assign(error, { alreadyShown: this.structured })
  }
}

/** The kind of error that all have; undefined when they differ. */
function commonCode(runs: readonly Recovery[]): ErrorCode | undefined {
  const [first, ...others] = new Set(runs.flatMap(({ code }) => code ?? []))
  return others.length === 0 ? first : undefined
}

function titleOf({ command, name, run }: Recovery): string {
  return command === null ? run : `${command} ${name}`
}

const columns: Column<Recovery>[] = [
  { key: 'started', get: (row) => row.started },
  { key: 'uri', get: (row) => row.uri, wide: true },
  { key: 'command', get: titleOf, raw: (row) => row.command },
  { key: 'name', get: (row) => row.name, wide: true },
  { key: 'result', get: (row) => row.result },
  { key: 'undone', get: (row) => row.undone },
  { key: 'deleted', get: (row) => row.deleted },
  { key: 'kept', get: (row) => row.kept },
  { key: 'left', get: (row) => [...row.left, ...row.error === null ? [] : [row.error]], raw: (row) => row.left },
  { key: 'run', get: (row) => row.run, wide: true },
]
