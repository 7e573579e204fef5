import { linkSync, renameSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { BayError, UsageError } from './errors.js'
import { inPartFile } from './part-file.js'

/**
 * Writes a file of this user's own (0600, unless `mode` says otherwise) that is there whole or not at all. One that is there
 * already is only replaced when `replace` says so. What a killed run left of it goes with the next run that writes it.
 * @throws BayError `exists`; UsageError for a folder that is missing or may not be written, and for what is no file
 */
export async function writeResultFile(
  path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { replace, mode = 0o600 }: { replace: boolean, mode?: number },
): Promise<void> {
  try {
    if (replace) refuseOther(path)
    await inPartFile(path, async (part, file) => {
      // The umask has its say at open.
      if (mode !== 0o600) await file.chmod(mode)
      for await (const piece of content) await file.writeFile(piece)
      await file.sync()
      if (replace) renameSync(part, path)
      else linkSync(part, path)
    })
  } catch (error) {
    throw inWords(path, error)
  }
}

/** A device, a pipe or a link to one would be replaced by a file. A redirected /dev/stdout is a link to a file, but in /dev. */
function refuseOther(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || (found.isFile() && dirname(resolve(path)) !== '/dev')) return
  throw new UsageError(`${path} cannot be written: it is there, and is no regular file`, 'name a file that may be replaced, or a new one')
}

function inWords(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) return cause
  if (cause.code === 'EEXIST') return new BayError('exists', `${path} exists already`, { cause, hints: ['--force replaces it', 'give another name'] })
  if (cause.code === 'ENOENT') return new UsageError(`${path} cannot be written: there is no such folder`)
  if (cause.code === 'EACCES' || cause.code === 'EROFS') return new UsageError(`${path} cannot be written: permission denied`)
  return new BayError('failed', `${path} cannot be written: ${cause.message}`, { cause })
}
