import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { BayError, UsageError } from './errors.js'

/** The user's editor as words: $VISUAL, else $EDITOR; null when neither says one. @throws UsageError as `splitWords` */
export function editorWords(env: NodeJS.ProcessEnv = process.env): string[] | null {
  const name = ['VISUAL', 'EDITOR'].find((each) => (env[each] ?? '').trim() !== '')
  return name === undefined ? null : splitWords(env[name] ?? '', `$${name}`)
}

/**
 * Splits a command as a shell does, and expands nothing: blanks part words, single quotes keep all, double quotes and a
 * backslash what stands behind it. @throws UsageError for a quote that is not closed
 */
export function splitWords(text: string, what: string): string[] {
  const words = text.match(/(?:[^\s'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+|\S/g) ?? []
  return words.map((word) => {
    if (/^['"\\]$/.test(word)) throw new UsageError(`${what} has a quote that is not closed: ${text}`)
    return word.replaceAll(/\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"/g, (_, escaped?: string, single?: string, double?: string) =>
      escaped ?? single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? '')
  })
}

/** What there is where nobody has said an editor: Debian's choice of the user, and the one that POSIX knows. */
const usual = [['sensible-editor'], ['vi']]

/**
 * Has a file edited, on the terminal if there is one, until the editor has ended.
 * @throws BayError `failed` when there is none, or it ends with another code than 0
 */
export async function editFile(path: string, chosen: readonly string[] | null): Promise<void> {
  for (const words of chosen === null ? usual : [chosen]) {
    if (await ran(words, path)) return
  }
  throw new BayError('failed', `there is no editor ${(chosen ?? ['sensible-editor, vi'])[0] ?? ''}`, { hints: ['name one: EDITOR=nano'] })
}

/** False when there is no such program. */
async function ran([program = '', ...args]: readonly string[], path: string): Promise<boolean> {
  // A result may be on its way through stdout, and is no place for an editor's screen.
  const screen = process.stdout.isTTY ? 'inherit' : 2
  // Ctrl-C is the editor's as long as it runs.
  const ignore = () => undefined
  process.on('SIGINT', ignore).on('SIGQUIT', ignore)
  try {
    const child = spawn(program, [...args, path], { stdio: ['inherit', screen, 'inherit'] })
    const [code, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null]
    if (code === 0) return true
    throw new BayError('failed', `the editor ${program} ended with ${code === null ? `the signal ${signal}` : `exit code ${code}`}`)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return false
    throw error
  } finally {
    process.off('SIGINT', ignore).off('SIGQUIT', ignore)
  }
}
