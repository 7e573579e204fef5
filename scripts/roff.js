// The language of man pages, as far as ours need it: https://man7.org/linux/man-pages/man7/groff_char.7.html

/** ASCII that roff would read, or print as something else than what was written. */
const characters = { '\\': String.raw`\(rs`, '-': String.raw`\-`, "'": String.raw`\(aq`, '`': String.raw`\(ga`, '^': String.raw`\(ha`,
  '~': String.raw`\(ti`, '"': String.raw`\(dq` }

/** Text that is printed as it stands, also where a line begins with a dot. */
export function escape(text) {
  return text.replaceAll(/[\\'`^~"-]/g, (char) => characters[char])
    .replaceAll(/[^\0-\x7f]/gu, (char) => `\\[u${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replaceAll(/^(?=[.\s])/gm, String.raw`\&`)
    .replaceAll(/\S{40,}/g, breakable)
}

/** A word that is longer than a line may go on in the next, at its alternatives and options. */
function breakable(word) {
  return word.replaceAll('|', String.raw`|\:`).replaceAll('[,', String.raw`\:[,`)
}

export const bold = (text) => `\\fB${escape(text)}\\fR`

/** Its first paragraph needs no request of its own. */
export const section = (name, ...lines) => `.SH ${escape(name)}\n${lines.join('\n').replace(/^\.PP\n/, '')}`

/** Paragraphs of what may have several lines. */
export const prose = (text) => text.split(/\n+/).filter(Boolean).map((line) => `.PP\n${escape(line.trim())}`).join('\n')

/** Lines that are printed one by one, indented. */
export const verbatim = (text) => `.PP\n.RS 4\n.nf\n${escape(text)}\n.fi\n.RE`

/** A term and what it means. */
export const item = (term, text) => `.TP\n${bold(term)}\n${(escape(text) || String.raw`\&`).replaceAll('\n', '\n.br\n')}`
