import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'

/** What earlier runs kept of the program's files. */
export interface Kept {
  /** the files, in the order of the text */
  names: string[]
  /** their text, put together by the loader; ASCII */
  text: string
  /** what V8 has made of it; empty as long as no run has tried it: https://nodejs.org/api/vm.html#scriptcreatecacheddata */
  code: Buffer
}

const mark = Buffer.from('bay kept')

/** Reads what an earlier run kept: null when it is missing, not whole, or somebody else could have written it. */
export function readKept(path: string): Kept | null {
  try {
    const whole = readOwn(path)
    if (!whole.subarray(0, 8).equals(mark) || !whole.subarray(-8).equals(mark)) return null
    const start = 12 + whole.readUInt32LE(8)
    const { names, length } = JSON.parse(whole.toString('latin1', 12, start)) as { names: string[], length: number }
    return { names, text: whole.toString('latin1', start, start + length), code: whole.subarray(start + length, -8) }
  } catch {
    return null
  }
}

/**
 * Keeps it for the runs to come, whole or not at all. `make` is asked once it is known that it can be kept. Where it
 * cannot, such as in a folder that is for reading only or another user's, every run does without.
 */
export function keep(path: string, make: () => Kept): void {
  try {
    makeFolder(dirname(path), 3)
    if (!isOwn(statSync(dirname(path)))) return
    const other = `${path}.${process.pid}`
    const fd = openSync(other, 'wx', 0o600)
    try {
      for (const part of file(make())) writeSync(fd, part)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(other, path)
  } catch {
    // It is no part of the work, and nobody needs to know.
  }
}

/** Makes a folder and at most so many above it: a home that is missing is not made. */
function makeFolder(folder: string, above: number): void {
  if (existsSync(folder)) return
  if (above > 0) makeFolder(dirname(folder), above - 1)
  mkdirSync(folder, { mode: 0o700 })
}

function file({ names, text, code }: Kept): Buffer[] {
  const index = Buffer.from(JSON.stringify({ names, length: text.length }), 'latin1')
  const size = Buffer.alloc(4)
  size.writeUInt32LE(index.length)
  return [mark, size, index, Buffer.from(text, 'latin1'), code, mark]
}

/** It is run as code, so nobody else may have written it: with sudo the folder may be another user's. */
function readOwn(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    const stats = fstatSync(fd)
    return stats.isFile() && stats.nlink === 1 && isOwn(stats) ? readFileSync(fd) : Buffer.alloc(0)
  } finally {
    closeSync(fd)
  }
}

function isOwn({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & 0o022) === 0
}
