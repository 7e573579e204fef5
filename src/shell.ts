/** One word for a POSIX shell, and for Python's shlex, whatever stands in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll(`'`, `'\\''`)}'`
}

/**
 * A word for a shell, quoted only where it must be. What a terminal should not see is written as bash, ksh and zsh read it:
 * `$'a\x1bb'`.
 */
export function shellWord(text: string): string {
  if (/^[\w.:@%/=,+-]+$/.test(text)) return text
  return hidden.test(text) ? `$'${text.replaceAll(/[\\']/g, String.raw`\$&`).replaceAll(hiddenAll, (character) => escaped(character))}'` : quoted(text)
}

/**
 * A command line to be pasted: ``sh`bay vm start ${name}` ``, each value one word, of a list one word each.
 */
export function sh(texts: TemplateStringsArray, ...values: readonly (string | number | readonly string[])[]): string {
  const words = (value: string | number | readonly string[]) => typeof value === 'object' ? value.map(shellWord).join(' ') : shellWord(`${value}`)
  return texts.map((text, index) => index === 0 ? text : `${words(values[index - 1] ?? '')}${text}`).join('')
}

const hidden = /[\p{C}\p{Zl}\p{Zp}]/u
const hiddenAll = new RegExp(hidden.source, 'gu')

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = (digits: number) => code.toString(16).padStart(digits, '0')
  return code < 0x80 ? `\\x${hex(2)}` : code <= 0xffff ? `\\u${hex(4)}` : `\\U${hex(8)}`
}
