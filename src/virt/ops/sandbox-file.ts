import { closeSync, constants, fstatSync, fsyncSync, mkdtempSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { BayError, UsageError } from '../../errors.js'

export interface StateFile {
  /** absolute, and no link */
  path: string
  /** whether the path is ours to choose, so that its folder is made when it is missing */
  own: boolean
}

/** A state file that is open for libvirt to read. */
export interface OpenedState extends Disposable {
  text: string
  fd: number
}

/** The file of `sandbox:FILE`, or ${XDG_STATE_HOME:-~/.local/state}/bay/sandbox.xml. */
export function stateFileOf(uri: string): StateFile {
  const [, given] = /^sandbox(?::(.*))?$/s.exec(uri) ?? []
  if (given === '') throw new UsageError('sandbox: has no file', 'give one, sandbox:FILE, or leave the colon out')
  if (given !== undefined) return { path: withoutLinks(resolve(given)), own: false }
  const base = process.env['XDG_STATE_HOME'] ?? ''
  return { path: withoutLinks(join(isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'bay', 'sandbox.xml')), own: true }
}

/**
 * Opens and reads the state; null when there is none.
 * @throws UsageError for a file that others could have written
 */
export function readStateFile(path: string): OpenedState | null {
  const fd = openExisting(path)
  if (fd === null) return null
  try {
    refuseUnsafe(fd, path)
    return opened(fd, readFileSync(fd, 'utf8'))
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** A state that is in no file yet, in one that nobody else sees. */
export function temporaryStateFile(text: string): OpenedState {
  const folder = mkdtempSync(join(tmpdir(), 'bay-'))
  try {
    const path = join(folder, 'sandbox.xml')
    writeFileSync(path, text, { mode: 0o600 })
    return opened(openSync(path, 'r'), text)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Replaces the state in one step: whatever happens, the file holds the old state or the new one. */
export function writeStateFile(path: string, text: string): void {
  const next = `${path}.new`
  try {
    writeSynced(next, text)
    renameSync(next, path)
    syncFolder(dirname(path))
  } catch (cause) {
    removeQuietly(next)
    throw failed(`the state of the embedded host could not be written to ${path}; the file is as it was`, cause)
  }
}

/** What matters is why the state could not be written. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The next run that writes replaces it.
  }
}

function writeSynced(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600)
  try {
    writeFileSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Two names of one file must mean one lock, and a link must survive the replacement. */
function withoutLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // It may not exist yet; what else is wrong shows when it is opened.
    const folder = dirname(path)
    return folder === path ? path : join(withoutLinks(folder), basename(path))
  }
}

/** null when there is none */
export function openExisting(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null
    throw failed(`${path} cannot be read`, cause)
  }
}

function refuseUnsafe(fd: number, path: string): void {
  const status = fstatSync(fd)
  if (!status.isFile()) throw new UsageError(`the state of the embedded host must be a file, and ${path} is none`)
  if ((status.mode & 0o022) !== 0) throw new UsageError(`others can write the state file ${path}`, `chmod go-w ${path}`)
  const self = process.getuid?.()
  if (status.uid !== 0 && status.uid !== self) {
    throw new UsageError(`the state file ${path} belongs to another user (uid ${status.uid})`, 'use a file of your own: -c sandbox:FILE')
  }
}

function opened(fd: number, text: string): OpenedState {
  return { fd, text, [Symbol.dispose]: () => closeSync(fd) }
}

/** A failure of the file system in our words. */
export function failed(message: string, cause: unknown): BayError {
  const code = codeOf(cause)
  if (code === 'ENOENT' || code === 'ENOTDIR') return new UsageError(`${message}: there is no such folder`)
  if (code === 'EISDIR') return new UsageError(`${message}: it is a folder`)
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return new BayError(denied ? 'not-allowed' : 'failed', `${message}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause, hints: denied ? ['use a file of your own: -c sandbox:FILE'] : [],
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
