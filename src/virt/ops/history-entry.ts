import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'

export const historyVersion = 1

/** One change of a machine's definition, as a file of ${XDG_STATE_HOME:-~/.local/state}/bay/history/UUID keeps it. */
export interface HistoryEntry {
  version: number
  /** from 1 on, for each machine */
  number: number
  /** ISO 8601, UTC */
  time: string
  /** the host, however it was reached: its own name, and libvirt's driver */
  hostname: string
  driver: string
  name: string
  uuid: string
  /** the verb, such as `vm set` */
  command: string
  /** the stored XML as it was before, with its passwords; '' when there was none */
  before: string
  /** the XML of the filters that bay generated for its interfaces, which go when nothing names them; absent without any */
  filters?: string[]
  /** what tells the XML that the change left, `gone` for a deleted machine, null for a run that was killed meanwhile */
  after: string | null
  /** the change that this one took back */
  undoes?: number
}

/** @throws BayError for what is no entry, or one of a later version */
export function readEntry(text: string, path: string): HistoryEntry {
  const value = parsed(text, path)
  if (!isEntry(value)) throw new BayError('failed', `${path} is no entry of a history`, { hints: ['move it away'] })
  if (value.version > historyVersion) throw new BayError('failed', `${path} was written by a later version of bay`)
  return value
}

type EntryHost = Pick<HistoryEntry, 'hostname' | 'driver'>

/** What an entry says of its host: it is the same however it was reached. */
export function hostOf(connection: Connection): EntryHost {
  return { hostname: connection.hostname(), driver: connection.type() }
}

/** A copied machine has the UUID of the one on another host. */
export function isOf(entry: HistoryEntry, { hostname, driver }: EntryHost): boolean {
  return entry.hostname === hostname && entry.driver === driver
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BayError('failed', `${path} is no entry of a history: it is no JSON`, { hints: ['move it away'] })
  }
}

const texts = ['time', 'hostname', 'driver', 'name', 'uuid', 'command', 'before'] as const

function isEntry(value: unknown): value is HistoryEntry {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  const [after, filters] = [fields.get('after'), fields.get('filters')]
  return typeof fields.get('version') === 'number' && typeof fields.get('number') === 'number'
    && (filters === undefined || (Array.isArray(filters) && filters.every((each) => typeof each === 'string')))
    && texts.every((name) => typeof fields.get(name) === 'string') && (after === null || typeof after === 'string')
}
