import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'

/** What V8 has made of the program's files, by their names: https://nodejs.org/api/vm.html#scriptcreatecacheddata */
export type Compiled = Map<string, Buffer>

const mark = Buffer.from('bay code')

/** Reads what an earlier run kept: nothing when it is missing, not whole, or somebody else could have written it. */
export function readCompiled(path: string): Compiled {
  try {
    const whole = readOwn(path)
    if (!whole.subarray(0, 8).equals(mark) || !whole.subarray(-8).equals(mark)) return new Map()
    const start = 12 + whole.readUInt32LE(8)
    const entries = JSON.parse(whole.toString('latin1', 12, start)) as [string, number, number][]
    return new Map(entries.map(([name, at, length]) => [name, whole.subarray(start + at, start + at + length)]))
  } catch {
    return new Map()
  }
}

/**
 * Keeps it for the runs to come, whole or not at all. `compile` is asked once it is known that it can be kept. Where it
 * cannot, such as in a folder that is for reading only or another user's, every run does without.
 */
export function keepCompiled(path: string, compile: () => Compiled): void {
  try {
    make(dirname(path), 3)
    if (!isOwn(statSync(dirname(path)))) return
    const other = `${path}.${process.pid}`
    const fd = openSync(other, 'wx', 0o600)
    try {
      for (const part of file(compile())) writeSync(fd, part)
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
function make(folder: string, above: number): void {
  if (existsSync(folder)) return
  if (above > 0) make(dirname(folder), above - 1)
  mkdirSync(folder, { mode: 0o700 })
}

function file(compiled: Compiled): Buffer[] {
  let at = 0
  const entries = [...compiled].map(([name, { length }]) => [name, (at += length) - length, length])
  const index = Buffer.from(JSON.stringify(entries), 'latin1')
  const size = Buffer.alloc(4)
  size.writeUInt32LE(index.length)
  return [mark, size, index, ...compiled.values(), mark]
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
