import { escapeLines } from './escape.js'

/** A piece of a page that is markup already. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Content = Markup | string | number | null | readonly Content[]

/** Markup with values in it: one that is no Markup is text there, in quotes as outside, and cannot become more. */
export function html(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(literals.map((literal, at) => literal + markupOf(values[at] ?? null)).join(''))
}

/** Names are anybody's: they are text here and never markup. */
export function markup(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`).replaceAll(/[\uFFFE\uFFFF]/g, '\u{FFFD}')
}

function markupOf(value: Content): string {
  if (value === null) return ''
  if (value instanceof Markup) return value.text
  return typeof value === 'object' ? value.map(markupOf).join('') : markup(escapeLines(String(value)))
}
