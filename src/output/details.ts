import { cellText, renderPlainTable, type CellValue, type Column } from './table.js'
import { displayWidth, padWidth } from './width.js'

/** One line of `show`: a label and its value. */
export interface ValueField<Item> {
  label: string
  get: (item: Item) => CellValue
}

/** A part of `show` that is a list: a small table below its label. */
export interface TableField<Item> {
  label: string
  table: (item: Item) => string
}

export type Field<Item> = ValueField<Item> | TableField<Item>

/**
 * What `show` prints for people: `Label:   value` lines with the values below each other, and indented tables for
 * lists. An empty list reads `-`.
 */
export function renderDetails<Item>(item: Item, fields: readonly Field<Item>[]): string {
  const column = Math.max(0, ...fields.map(({ label }) => displayWidth(label))) + 3
  return fields
    .map((field) => 'table' in field ? section(field, item, column) : line(field.label, field.get(item), column))
    .join('')
}

/** A field that is a table of `rows`, such as disks or network cards. `width` is the terminal's; without it unlimited. */
export function tableField<Item, Row>(
  label: string, rows: (item: Item) => readonly Row[], columns: readonly Column<Row>[], width = Infinity,
): TableField<Item> {
  return {
    label,
    table: (item) => {
      const list = rows(item)
      return list.length === 0 ? '' : renderPlainTable(list, columns, { headers: true, width: width - indent.length })
    },
  }
}

const indent = '  '

function line(label: string, value: CellValue, column: number): string {
  return `${padWidth(`${label}:`, column, 'left')}${cellText(value).trimEnd()}\n`
}

function section<Item>({ label, table }: TableField<Item>, item: Item, column: number): string {
  const text = table(item)
  return text === '' ? line(label, null, column) : `${label}:\n${text.replaceAll(/^(?=.)/gm, indent)}`
}
