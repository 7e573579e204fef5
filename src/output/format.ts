import { UsageError } from '../errors.js'
import { escapeControl } from './escape.js'
import { filterRows } from './filter.js'
import { pickColumns, rawValue } from './select.js'
import { toCsv, toJson, toYaml } from './serialize.js'
import { sortRows } from './sort.js'
import { renderTable, type Column, type TableOptions } from './table.js'

export const formats = ['table', 'wide', 'json', 'yaml', 'csv', 'name', 'xml'] as const

export type Format = typeof formats[number]

export interface ListOptions<Row> extends TableOptions {
  format: Format
  /** Names of `--columns`, each perhaps several with commas; they shape table, wide and csv. */
  columns?: readonly string[] | undefined
  /** `key` or `-key`. */
  sort?: string | undefined
  filters?: readonly string[] | undefined
  /** Names only, instead of a table; a format for machines stays what it is. */
  quiet: boolean
  /** What `name` prints; by default the row's property `name`. */
  nameOf?: ((row: Row) => string) | undefined
  /** What `xml` prints of a row. */
  xmlOf?: ((row: Row) => string) | undefined
}

/**
 * A list in the format asked for, filtered and sorted; `rows` are what JSON shows. Ends with a line end, or is ''.
 * @throws UsageError for an unknown column or key, a malformed filter, XML where there is none.
 */
export async function renderList<Row extends object>(
  rows: readonly Row[], columns: readonly Column<Row>[], options: ListOptions<Row>,
): Promise<string> {
  const { format, quiet, headers, sort, filters = [] } = options
  const shown = pickColumns(columns, { names: options.columns, wide: format === 'wide' || format === 'csv' })
  const kept = filterRows(rows, columns, filters)
  const sorted = sort === undefined ? kept : sortRows(kept, columns, sort, rows)
  switch (format) {
    case 'table':
    case 'wide': return quiet ? names(sorted, options) : renderTable(sorted, shown, options)
    case 'json': return toJson(sorted)
    case 'yaml': return toYaml(sorted)
    case 'csv': return csv(sorted, shown, headers)
    case 'name': return names(sorted, options)
    case 'xml': return xml(sorted, options)
  }
}

function csv<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[], headers: boolean): string {
  const body = rows.map((row) => columns.map((column) => rawValue(column, row)))
  return toCsv(headers ? [columns.map((column) => column.key), ...body] : body)
}

/** Escaped, for a line feed in a name must not make two names of it; JSON has the name as it is. */
function names<Row extends object>(rows: readonly Row[], { nameOf = ownName }: ListOptions<Row>): string {
  return rows.map((row) => `${escapeControl(nameOf(row))}\n`).join('')
}

function ownName(row: object): string {
  return 'name' in row && typeof row.name === 'string' ? row.name : ''
}

function xml<Row extends object>(rows: readonly Row[], { xmlOf }: ListOptions<Row>): string {
  if (!xmlOf) throw new UsageError('this list has no XML', 'use -o json or -o yaml')
  return rows.map((row) => `${xmlOf(row).trimEnd()}\n`).join('')
}
