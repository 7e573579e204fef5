import { sh } from '../../shell.js'
import { readFilter } from '../../xml/filter.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { isGenerated, undefineUnused } from './generated-filter.js'
import { unlessGone } from './gone.js'
import { isFilterUsed } from './list-filters.js'
import type { Made, Undoing } from './undo-kind.js'

/** A filter that was there before; `xml` is how it was. */
export interface ReplacedFilter extends Made { xml: string }

export const definedFilter: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the filter ${name}`,
  removeBy: ({ name }) => sh`bay filter delete ${name}`,
  isThere: (connection, { uuid }) => xmlOf(connection, uuid) !== null,
  undo: (connection, { uuid }) => {
    using filter = connection.filterByUuid(uuid)
    filter.undefine()
  },
}

export const replacedFilter: Undoing<ReplacedFilter> = {
  fields: ['uuid', 'name', 'xml'],
  leaves: ({ name }) => `the filter ${name} with its new rules`,
  removeBy: ({ name }) => sh`bay filter show ${name}`,
  isThere: (connection, { uuid, xml }) => ![null, xml].includes(xmlOf(connection, uuid)),
  // It is libvirt's own text, which its schema need not know.
  undo: (connection, { xml }) => { connection.defineFilter(xml, { schema: false })[Symbol.dispose]() },
}

/** One that was generated for an interface; whoever names it by now keeps it. */
export const generatedFilter: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the filter ${name}, which was generated for an interface`,
  removeBy: ({ name }) => sh`bay filter delete ${name}`,
  isThere: (connection, { uuid, name }) => {
    const xml = xmlOf(connection, uuid)
    return xml !== null && isGenerated(readFilter(xml)) && !isFilterUsed(connection, name)
  },
  undo: (connection, { uuid }) => undefineUnused(connection, uuid),
}

/** Such a filter that nothing named any more, until the change is taken back that it went with. */
export const removedFilter: Undoing<ReplacedFilter> = {
  fields: ['uuid', 'name', 'xml'],
  leaves: ({ name }) => `machines without the filter ${name}`,
  removeBy: () => 'bay recover',
  isThere: (connection, { uuid }) => xmlOf(connection, uuid) === null,
  undo: (connection, { xml }) => { connection.defineFilter(xml, { schema: false })[Symbol.dispose]() },
}

/** Null when it is gone. */
function xmlOf(connection: Connection, uuid: string): string | null {
  return unlessGone(() => {
    using filter = connection.filterByUuid(uuid)
    return filter.xml()
  }, failure.noFilter)
}
