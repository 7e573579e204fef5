import { UsageError } from '../errors.js'

/** Refuses text that XML 1.0 cannot carry, escaped or not: most control characters, lone surrogates, U+FFFE, U+FFFF. */
export function refuseForbiddenCharacter(text: string, where: string): void {
  const found = forbiddenCharacter(text)
  if (found) throw new UsageError(`${where} holds ${found.name}, which XML cannot carry`)
}

/** The first character that XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets), and its name, as `U+0000`. */
export function forbiddenCharacter(text: string): { index: number, name: string } | undefined {
  const match = forbidden.exec(text)
  if (!match) return undefined
  const code = match[0].codePointAt(0) ?? 0
  return { index: match.index, name: `U+${code.toString(16).toUpperCase().padStart(4, '0')}` }
}

/** True for text of XML's own blanks only; a no-break space, which trim() takes away, is content. */
export function isBlank(text: string): boolean {
  return /^[ \t\n\r]*$/.test(text)
}

/** The characters of a name, for use in a RegExp. Names beyond U+FFFF are legal but the parser below us has none. */
const nameStart = ':_A-Za-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D'
  + '\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD'
export const namePattern = `[${nameStart}][${nameStart}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*`

/** True for an element's, an attribute's or an instruction's name that can be written, read and kept. */
export function isName(text: string): boolean {
  return wholeName.test(text) && !unkeepable.has(text)
}

const wholeName = new RegExp(`^${namePattern}$`)
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

/** Legal names that the parser's plain JavaScript objects lose or stumble over. */
const unkeepable = new Set(['__proto__', 'hasOwnProperty'])
