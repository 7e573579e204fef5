import { randomBytes } from 'node:crypto'
import { constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../connection.js'
import { FileLock } from '../file-lock.js'
import { isInProcess } from './in-process.js'
import { killPoint } from './journal-kill.js'
import { journalVersion, noHost, type Entry, type Header, type RunInfo } from './journal-lines.js'
import { cannotWrite, isAt, madeStateFolder, syncFolder } from './state-folder.js'
import type { UndoRecord } from './undo.js'

/**
 * What a run is about to change, written down and synced before it does, so that `bay recover` can undo it, or finish what was
 * to be removed, when the run is killed. The file is there from the first step on, is locked while the run lives, and goes when
 * nothing is left to do. See docs/decisions/0008-journal.md.
 */
export class Journal implements Disposable {
  readonly #about: RunInfo
  #file: OpenJournal | undefined
  #steps = 0
  readonly #open = new Set<number>()
  #complete = false

  constructor(about: RunInfo) {
    this.#about = about
  }

  /** Writes down a step that is about to be taken; gives its number. @throws BayError when that cannot be written */
  async plan(undo: UndoRecord): Promise<number> {
    const step = this.#steps + 1
    await this.#begin([{ step, undo }])
    return step
  }

  /** Writes down at once all that is about to be removed; gives the number of each. @throws as `plan` */
  async planRemoval(records: readonly UndoRecord[]): Promise<number[]> {
    const steps = records.map((goes, index) => ({ step: this.#steps + 1 + index, goes }))
    await this.#begin(steps)
    return steps.map(({ step }) => step)
  }

  /** The host has answered: the step is taken. */
  done(step: number): void {
    this.#write({ done: step })
  }

  /** Nothing of these steps is there, or no more. */
  over(...steps: number[]): void {
    for (const step of steps) this.#open.delete(step)
    // The last one is told by the file going away.
    if (steps.length > 0 && this.#open.size > 0) this.#write({ over: steps })
  }

  /** All steps are taken, and what was made stays, whatever becomes of this run. */
  complete(): void {
    if (this.#file === undefined) return
    this.#write({ complete: true })
    this.#complete = true
  }

  /** The run is over: the file goes unless something is left to undo. */
  [Symbol.dispose](): void {
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    using _lock = file.lock
    if (!this.#complete && this.#open.size > 0) return
    killPoint('before')
    rmSync(file.path, { force: true })
    syncFolder(file.folder)
    killPoint('after')
  }

  async #begin(steps: readonly (Entry & { step: number })[]): Promise<void> {
    this.#file ??= await createJournal()
    const header: Header = { version: journalVersion, ...this.#about, pid: process.pid, started: new Date().toISOString() }
    this.#write(...this.#steps === 0 ? [header] : [], ...steps)
    for (const { step } of steps) this.#open.add(step)
    this.#steps += steps.length
  }

  #write(...lines: (Header | Entry)[]): void {
    const file = this.#file
    if (file === undefined) throw new TypeError('a journal is written after its end')
    killPoint('before')
    appendSynced(file, lines)
    killPoint('after')
  }
}

/**
 * The journal of a run that is about to change this host; undefined for a host that lives in this process and forgets what
 * a killed run did.
 */
export function journalFor(connection: Connection, { command, name }: Pick<RunInfo, 'command' | 'name'>): Journal | undefined {
  const uri = connection.uri()
  return isInProcess(uri) ? undefined : new Journal({ command, name, uri, hostname: connection.hostname() })
}

/** The journal of a run that changes nothing but files of this system, whatever hosts there are. */
export function journalHere({ command, name }: Pick<RunInfo, 'command' | 'name'>): Journal {
  return new Journal({ command, name, uri: noHost, hostname: hostname() })
}

interface OpenJournal { folder: string, path: string, fd: number, lock: FileLock }

/**
 * A new file, locked. Whoever looks for the journals of dead runs may be faster than our lock, and may even remove what is
 * still empty: then another name is as good.
 */
async function createJournal(): Promise<OpenJournal> {
  const folder = madeStateFolder('journal')
  for (;;) {
    const time = new Date().toISOString().replaceAll(/[-:.]/g, '')
    const path = join(folder, `${time}-${process.pid}-${randomBytes(4).toString('hex')}.jsonl`)
    const fd = openNew(path)
    const lock = await FileLock.take(fd, { exclusive: true, timeout: 0 })
    if (lock && isAt(fd, path)) {
      syncFolder(folder)
      return { folder, path, fd, lock }
    }
    lock?.[Symbol.dispose]()
    rmSync(path, { force: true })
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600)
  } catch (cause) {
    throw cannotWrite(path, cause)
  }
}

/** Appends lines to a journal that is open and locked. */
export function appendSynced({ fd, path }: { fd: number, path: string }, lines: readonly (Header | Entry)[]): void {
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const { size } = fstatSync(fd)
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fdatasyncSync(fd)
  } catch (cause) {
    // Half a line would spoil what is written next.
    ftruncateSync(fd, size)
    throw cannotWrite(path, cause)
  }
}
