/** The columns that a text without control characters takes on a terminal: East-Asian wide and emoji 2, marks 0. */
export function displayWidth(text: string): number {
  if (isSimple(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

/** Whether every character is one UTF-16 unit and one column: true of nearly all text, and quick to see. */
export function isSimple(text: string): boolean {
  return /^[\x20-\x7e\xc0-\u02ff\u0388-\u0482\u048a-\u052f\u2026]*$/.test(text)
}

/** The text cut to so many columns, `…` at its end when something was cut; never half a wide character. */
export function fitWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let width = 1
  for (const character of text) {
    width += characterWidth(character)
    if (width > columns) break
    kept += character
  }
  return `${kept}…`
}

/** The text padded with blanks to so many columns. */
export function padWidth(text: string, columns: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - displayWidth(text)))
  return align === 'right' ? blanks + text : text + blanks
}

const mark = /^[\p{Mn}\p{Me}]$/u
// Unicode's East Asian Width W and F, in whole blocks; a pair of regional indicators (a flag) is one wide character.
const wide = /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation})$/u

function characterWidth(character: string): number {
  if (character >= ' ' && character <= '~') return 1
  if (mark.test(character)) return 0
  return wide.test(character) ? 2 : 1
}
