import { UsageError } from '../../errors.js'
import { isUndoRecord, type UndoRecord } from './undo.js'

/** What a run is, for people and for whoever must find its host again. Nothing of its command line but these. */
export interface RunInfo {
  /** such as `vm create` */
  command: string
  /** of the object that it makes */
  name: string
  /** of the connection, as libvirt says it, or `noHost` */
  uri: string
  /** what that host calls itself: one URI may be another host tomorrow */
  hostname: string
}

/** In the place of a URI: the run changed only files of this system. */
export const noHost = ''

/** Version 1 had no `goes`. */
export const journalVersion = 2

/** The first line of a journal. */
export interface Header extends RunInfo {
  version: number
  pid: number
  started: string
}

/** Each further line. They are numbered by the steps, from 1. */
export type Entry
  /** the step is about to be taken, and this undoes it */
  = { step: number, undo: UndoRecord }
    /** this is there, and the step is about to remove it: not undone, but finished */
    | { step: number, goes: UndoRecord }
    /** it is taken: the host has answered */
    | { done: number }
    /** nothing of these is there: the host refused them, or they are undone */
    | { over: number[] }
    /** all steps are taken, and what was made is to stay */
    | { complete: true }

export interface JournalStep {
  step: number
  /** what removes it: undoes what was made, or finishes what is to go */
  undo: UndoRecord
  done: boolean
}

export interface JournalContent {
  header: Header
  /** what may be there, in the order in which it was made, or is to go */
  steps: JournalStep[]
  complete: boolean
  /** the run was to remove these things, not to make them */
  removes: boolean
}

/**
 * Reads a journal; null when its run died before it began anything. A last line without an end was never acted on.
 * @throws UsageError for what this version does not understand
 */
export function readJournal(text: string, where: string): JournalContent | null {
  const [first, ...rest] = text.split('\n').slice(0, -1).map((line) => parsed(line, where))
  if (first === undefined) return null
  if (!isHeader(first)) throw notUnderstood(where)
  const entries = rest.map((line) => isEntry(line) ? line : raise(notUnderstood(where)))
  const over = new Set(entries.flatMap((entry) => 'over' in entry ? entry.over : []))
  const done = new Set(entries.flatMap((entry) => 'done' in entry ? entry.done : []))
  return {
    header: first,
    steps: entries.flatMap((entry) => 'step' in entry && !over.has(entry.step)
      ? { step: entry.step, undo: 'goes' in entry ? entry.goes : entry.undo, done: done.has(entry.step) }
      : []),
    complete: entries.some((entry) => 'complete' in entry),
    removes: entries.some((entry) => 'goes' in entry),
  }
}

function parsed(line: string, where: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    throw notUnderstood(where)
  }
}

function isHeader(line: unknown): line is Header {
  return isObject(line) && (line['version'] === 1 || line['version'] === journalVersion) && typeof line['pid'] === 'number'
    && ['command', 'name', 'uri', 'hostname', 'started'].every((key) => typeof line[key] === 'string')
}

function isEntry(line: unknown): line is Entry {
  if (!isObject(line)) return false
  if ('step' in line) return typeof line['step'] === 'number' && isUndoRecord(line['goes'] ?? line['undo'])
  if ('over' in line) return Array.isArray(line['over']) && line['over'].every((each) => typeof each === 'number')
  return typeof line['done'] === 'number' || line['complete'] === true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notUnderstood(where: string): UsageError {
  return new UsageError(`the journal ${where} is not understood here`, 'was it written by a later version of bay? recover with that one',
    'or see what it says, remove that by hand, and then the file')
}

function raise(error: Error): never {
  throw error
}
