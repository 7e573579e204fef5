import type { BaseCommand } from './base.js'
import { BareConfig } from './bare-config.js'
import { commandModule } from './command-table.js'
import { UsageError } from './errors.js'
import { version } from './version.js'
import type { Within } from './within.js'

interface CommandClass {
  new (argv: string[], config: BareConfig): BaseCommand<never>
  id: string
  args: Record<string, { ignoreStdin?: boolean }>
}

/** Runs a command by its id, without oclif's own way to it: that reads the whole configuration, twice. */
export async function runCommand(id: string, argv: readonly string[], within?: Within): Promise<unknown> {
  const command = classIn(await commandModule(id))
  command.id = id
  refuseMore(command, argv)
  const made = new command([...argv], config ??= bareConfig())
  made.within = within
  // A batch reads its lines there: oclif would take one of them for a name that is missing.
  if (within) for (const arg of Object.values(command.args)) arg.ignoreStdin = true
  return made.execute()
}

// The lines of a batch share it: nobody changes it.
let config: BareConfig | undefined

function bareConfig(): BareConfig {
  return Object.assign(new BareConfig({ root: '' }), { bin: 'bay', name: 'bay', version: version() })
}

function classIn(module: unknown): CommandClass {
  return (module as { default: CommandClass }).default
}

/** What oclif takes for a longer command. */
function refuseMore({ id, args }: CommandClass, argv: readonly string[]): void {
  const end = argv.findIndex((word) => word.startsWith('-') || word.includes('='))
  const more = end < 0 ? argv : argv.slice(0, end)
  if (Object.keys(args).length > 0 || more.length === 0) return
  throw new UsageError(`unexpected argument: ${more.join(' ')}`, `bay ${id.replaceAll(':', ' ')} --help`)
}
