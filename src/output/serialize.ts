import { escapeInQuotes, hasUnsafe } from './escape.js'

/** A value as indented JSON and a line end; what could control a terminal is written `\u202e`, so nothing is lost. */
export function toJson(value: unknown): string {
  return `${escapeInQuotes(JSON.stringify(value, null, 2))}\n`
}

/** A value as JSON on one line, for streams of values. */
export function toJsonLine(value: unknown): string {
  return `${escapeInQuotes(JSON.stringify(value))}\n`
}

/** A value as a YAML document that YAML 1.1 readers take for the same: `"no"` and `"12:34:56"` come quoted. */
export async function toYaml(value: unknown): Promise<string> {
  const { Document, visit } = await import('yaml')
  const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false })
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && hasUnsafe(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return escapeInQuotes(document.toString({ lineWidth: 0 }))
}

/**
 * Lines of CSV (RFC 4180, ended by LF as other line-based tools expect): null is empty, a list is joined by commas,
 * an object is its JSON.
 */
export function toCsv(lines: readonly (readonly unknown[])[]): string {
  return lines.map((line) => `${csvLine(line)}\n`).join('')
}

function csvLine(values: readonly unknown[]): string {
  const line = values.map((value) => csvField(plain(value))).join(',')
  // One empty field alone would be an empty line, which readers skip.
  return line === '' && values.length === 1 ? '""' : line
}

function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  const scalars = Array.isArray(value) && value.every((each) => typeof each !== 'object')
  return scalars ? value.map((each: unknown) => plain(each)).join(',') : JSON.stringify(value)
}
