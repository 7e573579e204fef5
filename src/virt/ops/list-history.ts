import { withoutPasswords } from '../../xml/without-passwords.js'
import type { Connection } from '../connection.js'
import { existing } from './define.js'
import { historyOf } from './history.js'
import type { HistoryEntry } from './history-entry.js'
import { inForce } from './history-undone.js'
import { historyOfDeleted } from './undo-change.js'
import { storedDefinition } from './change-definition.js'

/** A change of a machine's definition: what replaced what, without passwords. */
export interface ChangeRow {
  number: number
  time: string
  command: string
  name: string
  /** whether it was taken back */
  undone: boolean
  /** the change that it took back */
  undoes: number | null
  /** '' where there was none, as of a machine that was gone */
  before: string
  after: string
}

/** What was changed of a machine, or of one of that name that is gone, the oldest first. @throws BayError `not-found` */
export function listHistory(connection: Connection, name: string): ChangeRow[] {
  using domain = existing({ find: (wanted: string) => connection.domain(wanted) }, name)
  const entries = domain ? historyOf(connection, domain.uuid()) : historyOfDeleted(connection, name)
  const now = domain ? withoutPasswords(storedDefinition(domain)) : ''
  const standing = new Set(inForce(entries))
  return entries.map((entry, index) => ({
    number: entry.number, time: entry.time, command: entry.command, name: entry.name, undoes: entry.undoes ?? null,
    undone: entry.undoes === undefined && !standing.has(entry.number), before: shown(entry.before),
    after: followed(entry, entries[index + 1]) ?? now,
  }))
}

function shown(xml: string): string {
  return xml === '' ? '' : withoutPasswords(xml)
}

/** What a change left is what the next one found. */
function followed({ after }: HistoryEntry, next: HistoryEntry | undefined): string | undefined {
  return after === 'gone' ? '' : next && shown(next.before)
}
