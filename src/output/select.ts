import { UsageError } from '../errors.js'
import { headerOf, type Column } from './table.js'

/**
 * The columns of these names (key or head, upper or lower case), in the order asked for; without names those of the
 * table, or all of them when `wide`.
 * @throws UsageError that names the valid columns.
 */
export function pickColumns<Row>(
  columns: readonly Column<Row>[], { names, wide }: { names?: readonly string[] | undefined, wide: boolean },
): Column<Row>[] {
  if (!names) return columns.filter((column) => wide || !column.wide)
  const wanted = names.flatMap((name) => name.split(',')).map((name) => name.trim()).filter((name) => name !== '')
  if (wanted.length === 0) throw new UsageError('--columns names no column', validColumns(columns))
  return wanted.map((name) => {
    const column = findColumn(columns, name)
    if (!column) throw new UsageError(`no column "${name}"`, validColumns(columns))
    return column
  })
}

/** The column of this key or head, upper or lower case. */
function findColumn<Row>(columns: readonly Column<Row>[], name: string): Column<Row> | undefined {
  const wanted = name.toLowerCase()
  return columns.find((column) => column.key.toLowerCase() === wanted)
    ?? columns.find((column) => headerOf(column).toLowerCase() === wanted)
}

/** What a column holds for a machine: a number stays a number. */
export function rawValue<Row extends object>(column: Column<Row>, row: Row): unknown {
  if (column.raw) return column.raw(row)
  return Object.hasOwn(row, column.key) ? property(row, column.key) : column.get(row)
}

/** How to read one value out of each row. */
export interface Reader<Row> {
  read: (row: Row) => unknown
  /** The column of that name, where there is one. */
  column: Column<Row> | undefined
}

/**
 * Reads the values of a column, or of any key of the rows' JSON, shown or not; a dotted path goes deeper, and through
 * a list to each of its elements. With no rows every key is taken: there is nothing to tell it by.
 * @throws UsageError that names the valid keys.
 */
export function readerOf<Row extends object>(
  rows: readonly Row[], columns: readonly Column<Row>[], key: string,
): Reader<Row> {
  const column = findColumn(columns, key)
  if (column) return { column, read: (row) => rawValue(column, row) }
  const [first = '', ...rest] = key.split('.')
  const top = topKey(rows, first)
  if (top === undefined && rows.length > 0) {
    throw new UsageError(`no key "${key}"`, `valid keys: ${validKeys(rows, columns).join(', ')}`)
  }
  return { column, read: (row) => follow(property(row, top ?? first), rest) }
}

function topKey(rows: readonly object[], name: string): string | undefined {
  if (rows.some((row) => Object.hasOwn(row, name))) return name
  return allKeys(rows).find((key) => key.toLowerCase() === name.toLowerCase())
}

function follow(value: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path
  if (first === undefined) return value
  if (Array.isArray(value) && !/^\d+$/.test(first)) return value.flatMap((each: unknown) => [follow(each, path)].flat())
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, first)) return undefined
  return follow(property(value, first), rest)
}

function property(from: object, key: string): unknown {
  return Object.hasOwn(from, key) ? Reflect.get(from, key) : undefined
}

function allKeys(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
}

function validColumns<Row>(columns: readonly Column<Row>[]): string {
  return `valid columns: ${columns.map((column) => column.key).join(', ')}`
}

function validKeys<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  return [...new Set([...allKeys(rows), ...columns.map((column) => column.key)])]
}
