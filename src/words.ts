import { UsageError } from './errors.js'

/**
 * The words of a line, as simple as in a shell and without one: blanks part them, `'…'` and `"…"` keep them together, a backslash
 * takes the next character as it is (in `"…"` only `\"` and `\\`), and what follows a `#` where a word would begin is a remark.
 * `$`, `*` and the rest mean nothing.
 * @throws UsageError for a quote that is not closed, and a backslash at the end
 */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  let rest = line.trimStart()
  while (rest !== '' && !rest.startsWith('#')) {
    const [word, length] = firstWord(rest)
    words.push(word)
    rest = rest.slice(length).trimStart()
  }
  return words
}

const piece = /'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]|[^\s'"\\]+/y

function firstWord(text: string): [word: string, length: number] {
  let word = ''
  let at = 0
  while (at < text.length && !/\s/.test(text.charAt(at))) {
    piece.lastIndex = at
    const [found] = piece.exec(text) ?? []
    if (found === undefined) throw unfinished(text.charAt(at))
    word += plain(found)
    at += found.length
  }
  return [word, at]
}

function plain(piece: string): string {
  switch (piece.charAt(0)) {
    case '\'': return piece.slice(1, -1)
    case '"': return piece.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
    case '\\': return piece.slice(1)
    default: return piece
  }
}

function unfinished(mark: string): UsageError {
  if (mark === '\\') return new UsageError('a backslash at the end of the line', 'write the whole command on one line')
  return new UsageError(`a ${mark} that is not closed`, `close it, or write \\${mark} for the character itself`)
}
