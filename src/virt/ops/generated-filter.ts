import { readDomain } from '../../xml/domain-description.js'
import { readFilter, type FilterDescription } from '../../xml/filter.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import { unlessGone } from './gone.js'
import type { Made } from './undo-kind.js'

/** One that bay generated for an interface with several filters, as it is now. */
export interface GeneratedFilter extends Made { xml: string }

const names = /^bay-[0-9a-f]{12}$/

/** Whether bay generated it for an interface with several filters: it has no rules of its own. */
export function isGenerated({ name, chain, rules }: Pick<FilterDescription, 'name' | 'chain' | 'rules'>): boolean {
  return names.test(name) && chain === 'root' && rules.length === 0
}

/** The filters that interfaces in machines' documents name. */
export function filtersNamedIn(xmls: readonly string[]): string[] {
  return xmls.filter((xml) => xml.includes('<filterref')).flatMap((xml) => readDomain(xml).nics.flatMap(({ filter }) => filter ?? []))
}

/** Those of them that were generated, as they are now. A copy of a machine has that of the other one. */
export function generatedOf(connection: Connection, all: readonly string[]): GeneratedFilter[] {
  return [...new Set(all)].flatMap((name) => names.test(name) ? generatedNamed(connection, name) ?? [] : [])
}

function generatedNamed(connection: Connection, name: string): GeneratedFilter | null {
  return unlessGone(() => {
    using filter = connection.filter(name)
    const xml = filter.xml()
    return isGenerated(readFilter(xml)) ? { uuid: filter.uuid(), name, xml } : null
  }, failure.noFilter, failure.noSupport)
}

/** It may be gone, or in use again: both are fine. */
export function undefineUnused(connection: Connection, uuid: string): void {
  try {
    unlessGone(() => {
      using filter = connection.filterByUuid(uuid)
      filter.undefine()
    }, failure.noFilter)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'wrong-state') throw error
  }
}

/** Defines those again that are gone: a definition that is put back names them. */
export function bringBackGenerated(connection: Connection, xmls: readonly string[]): void {
  for (const xml of xmls) {
    if (generatedNamed(connection, readFilter(xml).name) === null) connection.defineFilter(xml, { schema: false })[Symbol.dispose]()
  }
}
