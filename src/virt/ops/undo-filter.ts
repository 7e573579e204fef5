import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import type { Made, Undoing } from './undo-kind.js'

/** A filter that was there before; `xml` is how it was. */
export interface ReplacedFilter extends Made { xml: string }

export const definedFilter: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the filter ${name}`,
  removeBy: ({ name }) => `bay filter delete --yes ${name}`,
  isThere: (connection, { uuid }) => xmlOf(connection, uuid) !== null,
  undo: (connection, { uuid }) => {
    using filter = connection.filterByUuid(uuid)
    filter.undefine()
  },
}

export const replacedFilter: Undoing<ReplacedFilter> = {
  fields: ['uuid', 'name', 'xml'],
  leaves: ({ name }) => `the filter ${name} with its new rules`,
  removeBy: ({ name }) => `bay filter show ${name}`,
  isThere: (connection, { uuid, xml }) => ![null, xml].includes(xmlOf(connection, uuid)),
  // It is libvirt's own text, which its schema need not know.
  undo: (connection, { xml }) => { connection.defineFilter(xml, { schema: false })[Symbol.dispose]() },
}

/** Null when it is gone. */
function xmlOf(connection: Connection, uuid: string): string | null {
  return unlessGone(() => {
    using filter = connection.filterByUuid(uuid)
    return filter.xml()
  }, failure.noFilter)
}
