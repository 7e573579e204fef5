import { UsageError } from '../errors.js'
import { parseSize } from '../units.js'
import { readerOf } from './select.js'
import { cellText, type Column } from './table.js'

/**
 * The rows that pass all filters: `key=value`, `key!=value`, `key~=regex`. A value is compared as JSON writes it and as
 * the table shows it, a number also as a size (`memory=2G`); an empty value finds what is empty. Of a list one element
 * must match (with `!=`: none).
 * @throws UsageError for a filter that is malformed, an unknown key, an invalid regular expression.
 */
export function filterRows<Row extends object>(
  rows: readonly Row[], columns: readonly Column<Row>[], filters: readonly string[],
): readonly Row[] {
  return filters.reduce((left, text) => left.filter(predicate(rows, columns, text)), rows)
}

function predicate<Row extends object>(
  rows: readonly Row[], columns: readonly Column<Row>[], text: string,
): (row: Row) => boolean {
  const [, key, operator, wanted] = /^([^=!~]+)(=|!=|~=)(.*)$/s.exec(text) ?? []
  if (key === undefined || operator === undefined || wanted === undefined) {
    throw new UsageError(`filter "${text}" is not understood`, 'write key=value, key!=value or key~=regex')
  }
  const { read, column } = readerOf(rows, columns, key.trim())
  const texts = (row: Row): string[] => [...textsOf(read(row)), ...column ? [cellText(column.get(row))] : []]
  if (operator === '~=') {
    const pattern = regex(wanted)
    return (row) => texts(row).some((each) => pattern.test(each))
  }
  const bytes = sizeOf(wanted)
  const equal = (row: Row): boolean => texts(row).includes(wanted) || (bytes !== undefined && read(row) === bytes)
  return operator === '=' ? equal : (row) => !equal(row)
}

function textsOf(value: unknown): string[] {
  if (value === null || value === undefined) return ['']
  if (Array.isArray(value)) return value.length === 0 ? [''] : value.flatMap((each: unknown) => textsOf(each))
  return [typeof value === 'string' ? value : JSON.stringify(value)]
}

function regex(source: string): RegExp {
  try {
    return new RegExp(source)
  } catch (error) {
    throw new UsageError(`invalid regular expression "${source}": ${reason(error)}`)
  }
}

/** Without the words that V8 puts around it. */
function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Invalid regular expression: .*\/: /s, '') : String(error)
}

/** The bytes that a wanted value names, if it is written as a size. */
function sizeOf(text: string): number | undefined {
  if (!/^[\d.]+[A-Za-z]+$/.test(text)) return undefined
  try {
    return parseSize(text)
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}
