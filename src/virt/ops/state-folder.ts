import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { BayError } from '../../errors.js'

type StateKind = 'edits' | 'history' | 'journal' | 'locks' | 'screenshots'

/** Where one kind of this user's state is: a folder of ${XDG_STATE_HOME:-~/.local/state}/bay. It need not exist. */
export function stateFolder(kind: StateKind): string {
  const base = process.env['XDG_STATE_HOME'] ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'bay', kind)
}

/** The same, made when it is missing, for this user only. @throws BayError `not-allowed` or `failed` */
export function madeStateFolder(kind: StateKind): string {
  const folder = stateFolder(kind)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw cannotWrite(folder, cause)
  }
  return folder
}

/** What was made in, or removed from, the folder stays so when the machine loses its power. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A failure to write there, in our words. */
export function cannotWrite(path: string, cause: unknown): BayError {
  return failed(`bay cannot write down what it is about to do (${path})`, cause, ['give it a folder where it can: XDG_STATE_HOME=/path'])
}

/** A failure to read there, in our words. */
export function cannotRead(path: string, cause: unknown): BayError {
  return failed(`what dead runs wrote down cannot be read (${path})`, cause, [])
}

function failed(what: string, cause: unknown, hints: readonly string[]): BayError {
  const denied = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(cause))
  return new BayError(denied ? 'not-allowed' : 'failed', `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, hints })
}

/** Whether that open file is still the one of that name. */
export function isAt(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd), statSync(path)]
    return open.ino === named.ino && open.dev === named.dev
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** The code of a failure of the file system, such as ENOENT. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
