/**
 * The text with everything shown that could control a terminal, break a line or hide: C0, C1, DEL, line separators,
 * bidi marks, zero-width and other invisible format characters, lone surrogates. LF reads `\n`, ESC `\x1b`,
 * U+202E `\u{202e}`; all other text is left as it is.
 */
export function escapeControl(text: string): string {
  return unsafe.test(text) ? text.replaceAll(unsafeAll, (character) => shown(character)) : text
}

/** The same for a text of several lines, whose ends stay. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControl).join('\n')
}

/** The same set inside a JSON or a YAML string, as `\u202e`: nothing is lost, the reader gets the character back. */
export function escapeInQuotes(document: string): string {
  return document.replaceAll(unsafeInQuotes, (character) => units(character))
}

/** Whether `escapeControl` would change the text. */
export function hasUnsafe(text: string): boolean {
  return unsafe.test(text)
}

// Not the whole of \p{Cf}: some Arabic number signs are of that class, and visible. No class of Unicode is named: to look one
// up takes a millisecond of each start.
const invisible = '\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\ud800-\\udfff'
const unsafe = new RegExp(`[\\x00-\\x1f\\x7f-\\x9f${invisible}]`, 'u')
const unsafeAll = new RegExp(unsafe.source, 'gu')
// A document's own line ends stay.
const unsafeInQuotes = new RegExp(`[\\x7f-\\x9f${invisible}]`, 'gu')

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function shown(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return short[character] ?? (hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`)
}

function units(character: string): string {
  return Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
}
