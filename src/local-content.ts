import { createHash } from 'node:crypto'
import { createReadStream, openSync, fstatSync, closeSync } from 'node:fs'
import { basename } from 'node:path'
import { UsageError } from './errors.js'
import { standardInput } from './stdin.js'

/** What is to be sent: a file of this machine, or standard input. */
export interface LocalContent {
  name: string | null
  size: number | null
  sha256: string | null
  /** the bits of chmod */
  mode: number
  bytes: () => AsyncIterable<Buffer>
}

/** @throws UsageError when it cannot be read, or is no file */
export async function localContent(path: string): Promise<LocalContent> {
  if (path === '-') {
    const stdin = standardInput()
    return { name: null, size: null, sha256: null, mode: 0o644, bytes: () => stdin }
  }
  const { size, mode } = statFile(path)
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return { name: basename(path), size, sha256: hash.digest('hex'), mode: mode & 0o777, bytes: () => createReadStream(path) }
}

function statFile(path: string) {
  let found
  try {
    const fd = openSync(path, 'r')
    found = fstatSync(fd)
    closeSync(fd)
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : ''}`)
  }
  if (!found.isFile()) throw new UsageError(`${path} is no file`, 'pack a directory first: tar -cf it.tar DIR')
  return found
}
