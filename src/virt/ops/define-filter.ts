import { UsageError } from '../../errors.js'
import { readFilter, type FilterRuleDescription } from '../../xml/filter.js'
import type { Connection } from '../connection.js'
import { defineXml, type Defined, type DefineOptions, type Given } from './define.js'

/**
 * Defines a network filter, or redefines it under its UUID; libvirt puts the new rules in force on the machines that use it.
 * @throws UsageError also for what the schema lets pass: unknown filters, loops, ranges that end before they begin
 */
export async function defineFilter(connection: Connection, given: Given, options: DefineOptions): Promise<Defined> {
  checkRules(given)
  checkReferences(connection, given, options.earlier ?? [])
  return defineXml(given, {
    find: (name) => connection.filter(name),
    define: (xml) => connection.defineFilter(xml),
    uuid: (filter) => filter.uuid(),
    stored: (filter) => filter.xml(),
  }, options)
}

/** libvirt takes a filter that includes one which is not there; machines that use it then do not start. */
function checkReferences(connection: Connection, { xml, name, where }: Given, earlier: readonly string[]): void {
  using filters = connection.filters()
  const known = new Set([...filters.map((filter) => filter.name()), ...earlier])
  for (const { filter } of readFilter(xml).references) {
    if (filter === name) throw new UsageError(`${where}: the filter ${name} includes itself`)
    if (!known.has(filter)) throw new UsageError(`${where}: it includes the filter ${filter}, which does not exist`, 'see what there is: bay filter list')
  }
}

function checkRules({ xml, where }: Given): void {
  for (const [index, rule] of readFilter(xml).rules.entries()) {
    const fault = ['srcport', 'dstport'].map((which) => rangeFault(rule, which)).find((each) => each !== null)
    if (fault) throw new UsageError(`${where}: rule ${index + 1}: ${fault}`)
  }
}

function rangeFault({ attributes }: FilterRuleDescription, which: string): string | null {
  const [start, end] = [`${which}start`, `${which}end`].map((name) => attributes[name])
  if (start === undefined || end === undefined || !(Number(start) > Number(end))) return null
  return `its ports end before they begin (${which}start ${start}, ${which}end ${end})`
}
