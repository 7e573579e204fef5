import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { posix } from 'node:path'

/**
 * The path under which a file is known, whatever the way to it: on our own host without symbolic links. Of another host's
 * files only the spelling is known.
 */
export function canonical(path: string, { ownHost }: { ownHost: boolean }): string {
  if (!ownHost) return posix.normalize(path)
  try {
    return realpathSync(path)
  } catch {
    return posix.normalize(path)
  }
}

/** qcow2's header: its magic, the backing file's place at 8 and the length of its name at 16. */
const headerSize = 20
const longestName = 1023

/**
 * What a file of this system lies on, by its header; null when it lies on nothing or is no qcow2 file.
 * @throws the file system's error, or an Error, when nobody can tell
 */
export function backingFile(path: string): string | null {
  const fd = openSync(path, 'r')
  try {
    const header = Buffer.alloc(headerSize)
    if (readSync(fd, header, 0, headerSize, 0) < headerSize || header.toString('latin1', 0, 4) !== 'QFI\xfb') return null
    const [place, length] = [header.readBigUInt64BE(8), header.readUInt32BE(16)]
    if (place === 0n || length === 0) return null
    const name = Buffer.alloc(Math.min(length, longestName))
    readSync(fd, name, 0, name.length, place)
    return resolved(name.toString('utf8'), path)
  } finally {
    closeSync(fd)
  }
}

function resolved(name: string, path: string): string {
  const file = name.replace(/^file:/, '')
  if (/^[a-z0-9+-]+:/i.test(file)) throw new Error(`it lies on ${name}`)
  return posix.resolve(posix.dirname(path), file)
}
