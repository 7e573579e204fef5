import type { Compared } from './compare.js'

/** What a comparison is told apart by, in the committed ratios too. */
export const keyOf = ({ name, beside }: Pick<Compared, 'name' | 'beside'>): string => `${name} beside ${beside}`

/** Whether it is within its bars. */
export function holds({ bar, ratio, memory, peak }: Compared): boolean {
  return (bar === null || ratio.median <= bar) && (memory === null || peak <= memory)
}

const header = '| bay | beside | seconds | | ratio | min–max | of CPU | bar | memory |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n'

export function markdown(rows: readonly Compared[]): string {
  return `${header}${rows.map((row) => `${markdownRow(row)}\n`).join('')}`
}

function markdownRow(row: Compared): string {
  const { name, beside, ours, theirs, ratio, cpu, bar, peak, memory } = row
  const limit = memory === null ? '' : ` of ${megabytes(memory)}`
  const cells = [
    name, beside, seconds(ours.median), seconds(theirs.median), `${holds(row) ? '' : '**'}${ratio.median.toFixed(2)}${holds(row) ? '' : '**'}`,
    `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`, cpu.toFixed(2), bar?.toFixed(1) ?? '', `${megabytes(peak)}${limit} MB`,
  ]
  return `| ${cells.join(' | ')} |`
}

const seconds = (value: number): string => value.toFixed(value < 1 ? 3 : 2)
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

const [left, width, line, top] = [500, 420, 26, 34]

/** A bar for each ratio from its least to its most, with its median and its limit, on a scale of powers of two. */
export function plot(rows: readonly Compared[]): string {
  const [low, high] = [1 / 16, 8]
  const x = (ratio: number) => left + width * Math.log2(Math.min(high, Math.max(low, ratio)) / low) / Math.log2(high / low)
  const height = top + line * rows.length + 20
  const scale = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8].map((ratio) => (
    `<line class="${ratio === 1 ? 'one' : 'grid'}" x1="${x(ratio)}" x2="${x(ratio)}" y1="${top - 8}" y2="${height - 14}"/>`
    + `<text class="small" text-anchor="middle" x="${x(ratio)}" y="${top - 14}">${ratio < 1 ? `1/${1 / ratio}` : ratio} ×</text>`))
  const bars = rows.map((row, index) => {
    const y = top + line * index + line / 2
    const { ratio, bar } = row
    return [
      `<text text-anchor="end" x="${left - 12}" y="${y + 4}">${escaped(keyOf(row))}</text>`,
      `<line class="span" x1="${x(ratio.min)}" x2="${x(ratio.max)}" y1="${y}" y2="${y}"/>`,
      `<circle class="${holds(row) ? 'good' : 'bad'}" cx="${x(ratio.median)}" cy="${y}" r="5"/>`,
      bar === null ? '' : `<line class="bar" x1="${x(bar)}" x2="${x(bar)}" y1="${y - 8}" y2="${y + 8}"/>`,
    ].join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 30}" height="${height}" role="img"
  aria-label="How many times as long bay takes; left of 1 it is quicker">
<style>
  svg { background: #fff } text { font: 12px sans-serif; fill: #222 } .small { font-size: 11px; fill: #666 }
  .grid { stroke: #ddd } .one { stroke: #666 } .span { stroke: #8aa; stroke-width: 3 } .bar { stroke: #222; stroke-width: 2 }
  .good { fill: #287 } .bad { fill: #c33 }
</style>
${[...scale, ...bars].join('\n')}
</svg>
`
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
