import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BayError } from '../../errors.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { all, remove } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { filtersNamedIn, generatedOf } from './generated-filter.js'
import { historyVersion, hostOf, isOf, readEntry, type HistoryEntry } from './history-entry.js'
import { isInProcess } from './in-process.js'
import { cannotWrite, codeOf, madeStateFolder, stateFolder } from './state-folder.js'

/** How many changes of one machine are kept; the oldest go first. */
const mostEntries = 100

export interface Recorded {
  /** the verb, such as `vm set` */
  command: string
  /** the stored XML as it was, with its passwords: only this user may read what is kept; '' when there was none */
  before: string
  /** the change that this one takes back */
  undoes?: number
}

export interface Recording extends Disposable {
  /** The change is made; null for a machine that is gone. Without this call nothing was changed, and nothing stays. */
  keep: (after: string | null) => void
}

/**
 * Writes down what a change is about to replace, so that `bay undo` can put it back. Whoever calls has the machine's name
 * for itself. A host that lives in this process has no history.
 * @throws BayError when it cannot be written: then nothing may be changed
 */
export function recordChange(connection: Connection, domain: Domain, recorded: Recorded): Recording {
  if (isInProcess(connection.uri())) return { keep: () => undefined, [Symbol.dispose]: () => undefined }
  const uuid = domain.uuid()
  const folder = madeFolder(uuid)
  const numbers = numbersIn(folder)
  const number = (numbers.at(-1) ?? 0) + 1
  const filters = generatedOf(connection, filtersNamedIn([recorded.before])).map(({ xml }) => xml)
  const entry: HistoryEntry = {
    version: historyVersion, number, time: new Date().toISOString(), ...hostOf(connection), name: domain.name(), uuid, after: null,
    ...recorded, ...filters.length > 0 ? { filters } : {},
  }
  write(folder, entry)
  let kept = false
  return {
    keep: (after) => {
      // What libvirt keeps as it was is no change.
      if (after === recorded.before) return
      kept = true
      write(folder, { ...entry, after: after === null ? 'gone' : digest(after) })
      const tooMany = Math.max(0, numbers.length + 1 - mostEntries)
      for (const old of numbers.slice(0, tooMany)) rmSync(pathOf(folder, old), { force: true })
    },
    [Symbol.dispose]: () => {
      if (kept) return
      rmSync(pathOf(folder, number), { force: true })
      if (numbers.length === 0) removeEmpty(folder)
    },
  }
}

/** What was changed of a machine, the oldest first. @throws BayError for an entry that nobody can read */
export function historyOf(connection: Connection, uuid: string): HistoryEntry[] {
  const folder = join(stateFolder('history'), uuid)
  const host = hostOf(connection)
  return numbersIn(folder).flatMap((number) => entryAt(pathOf(folder, number))).filter((entry) => isOf(entry, host))
}

/** The histories of machines that had this name when they were last changed: such as those that are gone. */
export function historiesNamed(connection: Connection, name: string): HistoryEntry[][] {
  const folder = stateFolder('history')
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((uuid) => historyOf(connection, uuid)).filter((each) => each.at(-1)?.name === name)
}

/** What tells whether a document is still the one that a change left, whatever we noted in its metadata meanwhile. */
export function digest(xml: string): string {
  const root = parse(xml)
  for (const metadata of all(root, 'metadata')) metadata.children = metadata.children.filter((node) => !isOurs(node))
  remove(root, 'metadata', ({ children }) => children.length === 0)
  return createHash('sha256').update(serialize(root)).digest('hex')
}

function isOurs(node: XmlElement['children'][number]): boolean {
  if (node.type !== 'element') return false
  return Object.entries(node.attributes).some(([name, value]) => name.startsWith('xmlns') && value.startsWith('urn:bay:'))
}

function madeFolder(uuid: string): string {
  const folder = join(madeStateFolder('history'), uuid)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw cannotWrite(folder, cause)
  }
  return folder
}

function numbersIn(folder: string): number[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((file) => /^\d{6}\.json$/.test(file) ? Number.parseInt(file, 10) : []).sort((a, b) => a - b)
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(6, '0')}.json`)
}

/** Whole or not at all: a reader never sees half of it. */
function write(folder: string, entry: HistoryEntry): void {
  const path = pathOf(folder, entry.number)
  const draft = `${path}.${process.pid}`
  try {
    writeFileSync(draft, `${JSON.stringify(entry)}\n`, { mode: 0o600, flush: true })
    renameSync(draft, path)
  } catch (cause) {
    rmSync(draft, { force: true })
    throw cannotWrite(path, cause)
  }
}

/** An entry may be removed while the folder is read, as too old. */
function entryAt(path: string): HistoryEntry[] {
  try {
    return [readEntry(readFileSync(path, 'utf8'), path)]
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    if (error instanceof BayError) throw error
    throw new BayError('failed', `the history cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY') throw error
  }
}
