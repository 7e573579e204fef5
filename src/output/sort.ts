import { UsageError } from '../errors.js'
import { readerOf } from './select.js'
import type { Column } from './table.js'

/**
 * The rows sorted by a column or a key, `-key` the other way round: numbers by value, text in natural order
 * (web-2 before web-10), what is empty last either way; equal rows keep their order.
 * `known` are the rows whose keys may be named: more than `rows` after a filter.
 * @throws UsageError for an unknown key.
 */
export function sortRows<Row extends object>(
  rows: readonly Row[], columns: readonly Column<Row>[], by: string, known: readonly Row[] = rows,
): Row[] {
  const descending = by.startsWith('-')
  const key = descending ? by.slice(1) : by
  if (key === '') throw new UsageError('--sort names no column')
  const { read } = readerOf(known, columns, key)
  const sign = descending ? -1 : 1
  return rows
    .map((row) => ({ row, value: comparable(read(row)) }))
    .sort((a, b) => a.value === undefined || b.value === undefined
      ? Number(a.value === undefined) - Number(b.value === undefined)
      : sign * compare(a.value, b.value))
    .map(({ row }) => row)
}

/** Names in the order that people expect: web-2 before web-10; never equal unless the same. */
export function compareNatural(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true })
  const order = collator.compare(a, b)
  if (order !== 0 || a === b) return order
  return a < b ? -1 : 1
}

let collator: Intl.Collator | undefined

function comparable(value: unknown): number | string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value)
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return JSON.stringify(value)
  const list = value.filter((each) => each !== null && each !== undefined)
  if (list.length === 0) return undefined
  return list.map((each) => typeof each === 'object' ? JSON.stringify(each) : String(each)).join(',')
}

/** Numbers come before text. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  return typeof b === 'number' ? 1 : compareNatural(a, b)
}
