import { html, type Content } from './output/html.js'
import { formatSize } from './units.js'

/** A part of the page with its heading; nothing when there is nothing of it. */
export function section(title: string, content: Content): Content {
  if (content === null) return null
  return html`<h2>${title}</h2>
${content}`
}

/** Rows of cells, and how many more there are than these. */
export function table(heads: readonly string[], rows: readonly (readonly Content[])[], total = rows.length): Content {
  if (total === 0) return html`<p>none</p>`
  const more = total > rows.length ? html`<p>and ${total - rows.length} more</p>` : null
  return html`<table border="0" cellpadding="4">
<tr>${heads.map((head) => html`<th align="left">${head}</th>`)}</tr>
${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td valign="top">${cell ?? '-'}</td>`)}</tr>
`)}</table>${more}`
}

export function size(bytes: number | null): string {
  return bytes === null ? '-' : formatSize(bytes)
}
