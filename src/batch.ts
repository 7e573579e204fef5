import { asked } from './asked.js'
import { arrange, nearFlags } from './command-line.js'
import { commandIds } from './command-table.js'
import { BayError, merged, UsageError } from './errors.js'
import { errorJson, exitCodeOf, hidePasswords, type ErrorJson } from './output/failure.js'
import { captured } from './output/streams.js'
import { fromParser, property } from './parse-failure.js'
import { runCommand } from './run-command.js'
import type { Within } from './within.js'
import { wordsOf } from './words.js'

/** What became of a line. */
export interface LineResult {
  line: number
  command: string
  exitCode: number
  /** what the command gives with -o json */
  result: unknown
  error: ErrorJson | null
}

export interface TextLine { number: number, text: string }
export interface Line extends TextLine { words: string[] }

/** The command of a line; null for an empty one and a remark. @throws UsageError that names the line */
export function readLine({ number, text }: TextLine): Line | null {
  const words = atLine(number, () => wordsOf(text))
  if (words[0] === 'bay') words.shift()
  return words.length === 0 ? null : { number, text: text.trim(), words }
}

/** @throws UsageError that names the line, when it has no command or one that cannot be run in a batch */
export function checkLine(line: Line): void {
  atLine(line.number, () => commandOf(line))
}

function atLine<T>(number: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`line ${number}: ${error.message}`, ...error.hints)
  }
}

function commandOf({ words }: Line): { command: string, argv: string[] } {
  const wanted = asked(commandIds(), arrange(words))
  if (wanted === 'help') throw new UsageError(`this is no command: ${words.join(' ')}`, 'bay help')
  if (['batch', 'completion', 'vm:console'].includes(wanted.command)) {
    throw new UsageError(`${wanted.command.replaceAll(':', ' ')} does not work in a batch`)
  }
  return wanted
}

/** Runs a line; what goes wrong with it stands in its result. @throws what is a bug */
export async function runLine(line: Line, within: Within): Promise<{ result: LineResult, error: BayError | null }> {
  const what = { line: line.number, command: hidePasswords(line.text) }
  let shown = ''
  try {
    const { command, argv } = commandOf(line)
    const result = await captured(() => runCommand(command, argv, within), (text) => { shown += text })
    return { result: { ...what, exitCode: takeExitCode(), result: result ?? null, error: null }, error: null }
  } catch (caught) {
    takeExitCode()
    const error = fromParser(merged(caught), nearFlags)
    if (!(error instanceof BayError)) throw error
    const result: unknown = property(error, 'alreadyShown') === true ? JSON.parse(shown) : null
    return { result: { ...what, exitCode: exitCodeOf(error), result, error: errorJson(error) }, error }
  }
}

/** A command that finds differences says so by the exit code of the process, which is not this line's alone. */
function takeExitCode(): number {
  const code = Number(process.exitCode ?? 0)
  process.exitCode = undefined
  return code
}

/**
 * Waits for one line after another, but no longer than until a signal that the running line does not hear by itself: it has
 * nothing to undo, and nobody waits for it.
 */
export class EndedBy {
  #end: (why: unknown) => void = () => undefined

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => { if (process.listenerCount('SIGTERM') === 1) this.#end(signal.reason) })
  }

  /** A promise of its own for each: one for all would hold what every line gave until the end. */
  wait<T>(line: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#end = reject
      line.then(resolve, reject)
    })
  }
}
