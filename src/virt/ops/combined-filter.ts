import { randomUUID } from 'node:crypto'
import { filterElement, type FilterDescription, type FilterSpec } from '../../xml/filter.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import { unlessGone } from './gone.js'
import type { Rollback } from './rollback.js'
import type { UndoRecord } from './undo.js'

/** The filter that includes all filters of one interface; libvirt takes only one. */
export function combinedName(mac: string): string {
  return `bay-${mac.replaceAll(':', '').toLowerCase()}`
}

export function combined(mac: string, filters: readonly string[]): FilterSpec {
  return { name: combinedName(mac), chain: 'root', refs: filters.map((filter) => ({ filter, parameters: [] })), rules: [] }
}

/** Makes it, or gives it other filters under its UUID: at once on the interface that has it. */
export async function defineCombined(
  connection: Connection, spec: FilterSpec, old: FilterDescription | undefined, rollback: Rollback,
): Promise<void> {
  const { name } = spec
  const uuid = old?.uuid ?? randomUUID()
  const record: UndoRecord = old ? { kind: 'filter-replaced', uuid, name, xml: xmlOf(connection, uuid) } : { kind: 'filter', uuid, name }
  const xml = serialize(filterElement({ ...spec, uuid }))
  await rollback.make(connection, record, () => { connection.defineFilter(xml)[Symbol.dispose]() })
}

/** Removes it when nobody needs it any more. */
export function removeCombined(connection: Connection, name: string, { unless }: { unless: boolean }): void {
  if (unless) return
  try {
    unlessGone(() => {
      using filter = connection.filter(name)
      filter.undefine()
    }, failure.noFilter)
  } catch (error) {
    // Another machine has an interface with that MAC address.
    if (!(error instanceof VirtError) || error.code !== 'wrong-state') throw error
  }
}

function xmlOf(connection: Connection, uuid: string): string {
  using filter = connection.filterByUuid(uuid)
  return filter.xml()
}
