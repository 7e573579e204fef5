import { readdirSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** Put there by scripts/bundle.js: all commands, such as `vm:list`, and what tells one build from another. */
declare const builtCommands: readonly string[]
declare const builtAs: string

/**
 * Where the code for a command line is kept: each command has a file, for it uses parts of its own. A guess that is wrong,
 * as the value of a flag may look like a command, costs time and nothing else.
 */
export function cachePath(argv: readonly string[]): string {
  const base = process.env['XDG_CACHE_HOME'] ?? ''
  const all = join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'bay', 'code')
  return join(all, `${builtAs}-${process.version}-${process.arch}`, commandIn(argv))
}

function commandIn(argv: readonly string[]): string {
  if (argv[0] === '__complete') return '__complete'
  const first = argv.findIndex((word) => builtCommands.some((id) => id.split(':')[0] === word))
  const words = first < 0 ? [] : argv.slice(first, first + 3)
  const typed = words.map((_, at) => words.slice(0, words.length - at).join(':'))
  return (typed.find((id) => builtCommands.includes(id)) ?? 'help').replaceAll(':', '-')
}

const month = 30 * 24 * 3600 * 1000

/** Removes what other builds, or other versions of Node, kept more than a month ago. */
export function forgetOld(path: string): void {
  const own = dirname(path)
  try {
    for (const each of readdirSync(dirname(own)).map((name) => join(dirname(own), name))) {
      if (each !== own && Date.now() - statSync(each).mtimeMs > month) rmSync(each, { recursive: true, force: true })
    }
  } catch {
    // As with all of the cache: nobody needs to know.
  }
}
