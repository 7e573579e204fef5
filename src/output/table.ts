import { escapeControl } from './escape.js'
import { displayWidth, fitWidth, isSimple, padWidth } from './width.js'

export type CellValue = string | number | boolean | null | undefined | readonly string[]

export interface Column<Row> {
  /** The key of the JSON, in camelCase: what `--columns`, `--sort` and the head of CSV call it. */
  key: string
  /** The head of the table; by default the key in upper case. */
  header?: string
  /** What people read. A size or a duration comes formatted; `raw` or the row's own property keeps the number. */
  get: (row: Row) => CellValue
  /** What CSV holds and sorting compares; by default the row's property `key`, else `get`. */
  raw?: (row: Row) => unknown
  /** Shown only with `-o wide`. */
  wide?: boolean
  align?: 'left' | 'right'
}

export interface TableOptions {
  headers: boolean
  /** Columns of the terminal; Infinity when the output is no terminal. */
  width: number
}

/** A table without borders, its cells escaped, a line end after each line; '' when there is nothing to show. */
export async function renderTable<Row>(
  rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions,
): Promise<string> {
  const grid = layOut(rows, columns, options)
  // cli-table3 takes 2 s for 5,000 rows, and measures wide characters and marks by rules of its own.
  const forTerminal = Number.isFinite(options.width) && rows.length <= 500 && grid.cells.flat().every(isSimple)
  return lines(forTerminal ? await drawWithTable(grid) : drawPlain(grid))
}

/** The same text, at once: for tables inside other text. */
export function renderPlainTable<Row>(
  rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions,
): string {
  return lines(drawPlain(layOut(rows, columns, options)))
}

export function headerOf<Row>(column: Column<Row>): string {
  return column.header ?? column.key.toUpperCase()
}

/** A value as people read it: `-` when empty, yes and no, lists with commas, nothing that controls a terminal. */
export function cellText(value: CellValue): string {
  if (value === null || value === undefined || value === '') return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return Number.isNaN(value) ? '-' : String(value)
  if (typeof value === 'string') return escapeControl(value)
  return value.length === 0 ? '-' : escapeControl(value.join(','))
}

const gap = 3
/** No column gets narrower for a terminal's sake. */
const narrowest = 6

interface Grid {
  cells: string[][]
  widths: number[]
  aligns: ('left' | 'right')[]
}

function layOut<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { headers, width }: TableOptions): Grid {
  const body = rows.map((row) => columns.map((column) => cellText(column.get(row))))
  const cells = headers ? [columns.map((column) => escapeControl(headerOf(column))), ...body] : body
  const wanted = columns.map((_, at) => cells.reduce((most, line) => Math.max(most, displayWidth(line[at] ?? '')), 0))
  const widths = shrink(wanted, width)
  const aligns = columns.map((column) => column.align ?? 'left')
  if (widths.every((columnWidth, at) => columnWidth === wanted[at])) return { cells, widths, aligns }
  const cut = cells.map((line) => line.map((cell, at) => fitWidth(cell, widths[at] ?? Infinity)))
  return { cells: cut, widths, aligns }
}

/** The widest column gives way until the line fits, or until no column can. */
function shrink(wanted: readonly number[], width: number): number[] {
  const widths = [...wanted]
  let excess = widths.reduce((sum, each) => sum + each, gap * (widths.length - 1)) - width
  while (excess > 0) {
    const most = Math.max(...widths)
    if (most <= narrowest) break
    widths[widths.lastIndexOf(most)] = most - 1
    excess -= 1
  }
  return widths
}

function drawPlain({ cells, widths, aligns }: Grid): string[] {
  return cells.map((line) => line.map((cell, at) => padWidth(cell, widths[at] ?? 0, aligns[at] ?? 'left')).join(' '.repeat(gap)))
}

async function drawWithTable({ cells, aligns }: Grid): Promise<string[]> {
  if (cells.length === 0) return []
  const { default: Table } = await import('cli-table3')
  const table = new Table({
    chars: noBorders,
    colAligns: aligns,
    style: { 'head': [], 'border': [], 'padding-left': 0, 'padding-right': 0, 'compact': true },
  })
  table.push(...cells)
  return table.toString().split('\n')
}

const noBorders = {
  'top': '', 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom': '', 'bottom-mid': '', 'bottom-left': '',
  'bottom-right': '', 'left': '', 'left-mid': '', 'mid': '', 'mid-mid': '', 'right': '', 'right-mid': '', 'middle': ' '.repeat(gap),
}

function lines(drawn: readonly string[]): string {
  return drawn.map((line) => `${trimBlanks(line)}\n`).join('')
}

/** A regular expression takes quadratic time on a long run of blanks that is not at the end. */
function trimBlanks(line: string): string {
  let end = line.length
  while (end > 0 && line.charAt(end - 1) === ' ') end -= 1
  return line.slice(0, end)
}
