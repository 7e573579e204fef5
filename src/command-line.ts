import { UsageError } from './errors.js'
import { globalFlags } from './flags.js'
import { suggest } from './names.js'

/**
 * The command line as oclif wants it: the command first, so global flags that come before it, as in `bay -c sandbox vm list`,
 * or in the middle of it move behind it; and `bay help vm list` is `bay vm list --help`. `--help` and `--version` stay where
 * they are.
 */
export function arrange(argv: readonly string[]): string[] {
  const [first, ...rest] = hoistGlobalFlags(argv)
  // Nothing but global flags says no more than nothing at all.
  if (first === undefined || globalFlagLength(first) > 0) return []
  return first === 'help' ? [...rest, '--help'] : [first, ...rest]
}

/** Moves global flags that come before or between the words of the command behind them, in the order in which they came. */
export function hoistGlobalFlags(argv: readonly string[]): string[] {
  const words: string[] = []
  const flags: string[] = []
  let at = 0
  while (at < argv.length) {
    const word = argv[at] ?? ''
    const taken = globalFlagLength(word)
    if (taken === 0 && word.startsWith('-')) break
    const end = at + Math.max(taken, 1);
    (taken === 0 ? words : flags).push(...argv.slice(at, end))
    at = end
  }
  const rest = argv.slice(at)
  return words.length === 0 ? [...rest, ...flags] : [...words, ...flags, ...rest]
}

/** A topic alone, as in `bay vm`, is answered with its help, but not a flag that means nothing there. @throws UsageError */
export function refuseStrangeFlags(argv: readonly string[]): void {
  if (argv.includes('--help') || argv.includes('-h')) return
  for (let at = 0; at < argv.length;) {
    const word = argv[at] ?? ''
    const taken = globalFlagLength(word)
    if (taken === 0 && word.startsWith('-')) throw new UsageError(`nonexistent flag: ${word}`, `bay ${argv[0]} --help`)
    at += Math.max(taken, 1)
  }
}

/** Whether errors are wanted as JSON too; known even when the command line cannot be parsed. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  return flags.some((word, at) => /^(--json|-o=?json|--output=json)$/.test(word)
    || (/^(-o|--output)$/.test(word) && flags[at + 1] === 'json'))
}

/** Hints for flags that do not exist: those that somebody may have meant. */
export function nearFlags(typed: readonly string[], known: readonly string[]): string[] {
  const words = typed.filter((word) => word.startsWith('--')).map((word) => word.slice(2))
  return words.flatMap((word) => suggest(word, known)).map((near) => `did you mean --${near}?`)
}

/** How many words a global flag takes with its value; 0 for anything else. */
function globalFlagLength(word: string): number {
  if (!word.startsWith('-')) return 0
  for (const [name, flag] of Object.entries(globalFlags)) {
    const takesValue = flag.type === 'option'
    const short = 'char' in flag && flag.char ? `-${flag.char}` : undefined
    if (word === `--${name}` || word === short) return takesValue ? 2 : 1
    if (takesValue && (word.startsWith(`--${name}=`) || (short && word.startsWith(short) && !word.startsWith('--')))) return 1
  }
  return 0
}
