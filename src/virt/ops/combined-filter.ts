import { randomUUID } from 'node:crypto'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { filterElement, type FilterDescription, type FilterSpec } from '../../xml/filter.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { isGenerated, undefineUnused, type GeneratedFilter } from './generated-filter.js'
import { isFilterUsed } from './list-filters.js'
import type { Rollback } from './rollback.js'
import type { UndoRecord } from './undo.js'

/** The filter that includes all filters of one interface; libvirt takes only one. */
export function combinedName(mac: string): string {
  return `bay-${mac.replaceAll(':', '').toLowerCase()}`
}

export function combined(mac: string, filters: readonly string[]): FilterSpec {
  return { name: combinedName(mac), chain: 'root', refs: filters.map((filter) => ({ filter, parameters: [] })), rules: [] }
}

/** Makes it, or gives it other filters under its UUID: at once on the interface that has it. @throws BayError `exists` */
export async function defineCombined(
  connection: Connection, spec: FilterSpec, old: FilterDescription | undefined, rollback: Rollback,
): Promise<void> {
  const { name } = spec
  if (old && !isGenerated(old)) throw new BayError('exists', `the name ${name} is taken by a filter with rules of its own`, { hints: [sh`bay filter show ${name}`, '--only puts on one filter instead of several'] })
  const uuid = old?.uuid ?? randomUUID()
  const record: UndoRecord = old ? { kind: 'filter-replaced', uuid, name, xml: xmlOf(connection, uuid) } : { kind: 'generated-filter', uuid, name }
  const xml = serialize(filterElement({ ...spec, uuid }))
  await rollback.make(connection, record, () => { connection.defineFilter(xml)[Symbol.dispose]() })
}

/** Removes those that no machine, running or not, and no filter names by now. The rollback brings them back. */
export async function removeUnused(connection: Connection, filters: readonly GeneratedFilter[], rollback: Rollback): Promise<void> {
  for (const { uuid, name, xml } of filters) {
    if (isFilterUsed(connection, name)) continue
    await rollback.make(connection, { kind: 'removed-filter', uuid, name, xml }, () => undefineUnused(connection, uuid))
  }
}

function xmlOf(connection: Connection, uuid: string): string {
  using filter = connection.filterByUuid(uuid)
  return filter.xml()
}
