import type { BaseCommand } from './base.js'
import { BareConfig } from './bare-config.js'
import { commandModule } from './command-table.js'
import { UsageError } from './errors.js'
import { version } from './version.js'
import type { Within } from './within.js'

interface CommandClass {
  new (argv: string[], config: BareConfig): BaseCommand<never>
  id: string
  args: object
}

/** Runs a command by its id, without oclif's own way to it: that reads the whole configuration, twice. */
export async function runCommand(id: string, argv: readonly string[], within?: Within): Promise<unknown> {
  const command = classIn(await commandModule(id))
  command.id = id
  refuseMore(command, argv)
  const config = Object.assign(new BareConfig({ root: '' }), { bin: 'bay', name: 'bay', version: version() })
  const made = new command([...argv], config)
  made.within = within
  return made.execute()
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
