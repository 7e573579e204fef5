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
 * A command line to be pasted: ``sh`bay vm start ${name}` ``, each value one word, of a list one word each. A name that begins with
 * a dash is kept from being read as a flag: `bay vm start -- -web`. So flags stand before the names; those that are known only when
 * it runs are given as `{ flags }`.
 */
export function sh(texts: TemplateStringsArray, ...values: readonly ShellValue[]): string {
  let [line = ''] = texts
  // The same without what the values say, to find in it where a command begins.
  let shape = line
  const add = (text: string, as = text): void => {
    line += text
    shape += as
  }
  values.forEach((value, index) => {
    const words = typeof value !== 'object' ? [`${value}`] : 'flags' in value ? value.flags : value
    const areNames = typeof value !== 'object' || !('flags' in value)
    if (areNames && mayNeedDashes(shape) && words.some((word) => word.startsWith('-'))) add('-- ')
    if (words.length > 0) add(words.map(shellWord).join(' '), '_')
    const text = texts[index + 1] ?? ''
    // Of no flag at all no blank is left, and a command has its dashes once.
    add(words.length === 0 ? text.trimStart() : hasDashes(shape) ? text.replace(/^ -- /, ' ') : text)
  })
  return line
}

export type ShellValue = string | number | readonly string[] | { readonly flags: readonly string[] }

/** Whether what comes next is a word among the names of a command that takes `--` before them. */
function mayNeedDashes(shape: string): boolean {
  return /^(?:bay|chmod|rm|setfacl|wipefs) (?:.*[^<>] )?$/s.test(lastCommand(shape)) && !hasDashes(shape)
}

function hasDashes(shape: string): boolean {
  return lastCommand(shape).includes(' -- ')
}

/** What stands in the text from the last word on that begins a command. */
function lastCommand(shape: string): string {
  return shape.split(/[|&;]\s*|(?<=^|[\s(])(?=(?:bay|chmod|rm|setfacl|wipefs) )/).at(-1) ?? ''
}

const hidden = /[\p{C}\p{Zl}\p{Zp}]/u
const hiddenAll = new RegExp(hidden.source, 'gu')

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = (digits: number) => code.toString(16).padStart(digits, '0')
  return code < 0x80 ? `\\x${hex(2)}` : code <= 0xffff ? `\\u${hex(4)}` : `\\U${hex(8)}`
}
