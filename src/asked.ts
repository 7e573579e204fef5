import { UsageError } from './errors.js'
import { suggest } from './names.js'

/** What a command line asks for: a command by its id, such as `vm:list`, with what follows it; or what oclif itself answers. */
export type Asked = { command: string, argv: string[] } | 'help'

/**
 * Finds the command of an arranged command line among all ids: its words go as far as commands begin with them.
 * @throws UsageError that names near commands, and never a question
 */
export function asked(ids: readonly string[], argv: readonly string[]): Asked {
  if (helps(argv)) return 'help'
  const id = idOf(ids, argv)
  if (ids.includes(id)) return { command: id, argv: argv.slice(id === argv[0] ? 1 : id.split(':').length) }
  if (ids.some((each) => each.startsWith(`${id}:`))) return 'help'
  throw unknown(ids, id)
}

function helps(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.length === 0 || (end < 0 ? argv : argv.slice(0, end)).includes('--help')
}

/** As oclif puts it together: words that begin no command are a part of it until a flag comes, unless a command is whole. */
function idOf(ids: readonly string[], [first = '', ...rest]: readonly string[]): string {
  if (first.startsWith('-') || first.includes(':')) return first
  let id = first
  for (const word of rest) {
    const longer = `${id}:${word}`
    const begins = beginningsOf(ids).has(longer)
    if (!begins && (ids.includes(id) || word.startsWith('-') || word.includes('='))) break
    id = longer
  }
  return id
}

/** All ids, and what stands before a colon in one. */
function beginningsOf(ids: readonly string[]): Set<string> {
  const known = beginnings.get(ids)
  if (known) return known
  const made = new Set(ids.flatMap((id) => id.split(':').map((_, at, words) => words.slice(0, at + 1).join(':'))))
  beginnings.set(ids, made)
  return made
}

// A batch asks for each of its lines.
const beginnings = new WeakMap<readonly string[], Set<string>>()

function unknown(ids: readonly string[], id: string): UsageError {
  const typed = id.replaceAll(':', ' ')
  const near = suggest(typed, ids.map((each) => each.replaceAll(':', ' '))).map((each) => `bay ${each}`)
  return new UsageError(`there is no command '${typed}'`, ...near, 'bay help')
}
