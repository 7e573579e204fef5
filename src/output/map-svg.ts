import type { NetworkMap } from '../map-model.js'
import { escapeControl } from './escape.js'
import { markup } from './html.js'
import { layoutMap, letter, type MapBox, type MapLayout } from './map-layout.js'

/** The map as a picture that needs nothing else: no script, no font, no address. */
export function renderMapSvg(map: NetworkMap): string {
  return drawMap(layoutMap(map), map.host)
}

/** The same in a page, to be looked at in any browser. */
export function renderMapHtml(map: NetworkMap): string {
  const title = titleOf(map.host)
  return `<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${title}</title>`
    + `<style>body{margin:0;background:#fff}svg{max-width:none}</style></head>\n<body>\n${renderMapSvg(map)}</body>\n</html>\n`
}

const colours: Record<MapBox['kind'], string> = { host: '#e8e8e8', network: '#dbe9f9', running: '#e2f3e2', off: '#f6f6f6' }

function drawMap({ width, height, boxes, wires }: MapLayout, host: string): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${titleOf(host)}</title>`,
    `<style>text{font:${letter.size}px "DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#222;white-space:pre}.title{font-weight:bold}.note{fill:#666}`
    + 'rect{stroke:#8a8a8a}line{stroke:#8a8a8a}</style>',
    `<rect width="${width}" height="${height}" style="fill:#fff;stroke:none"/>`,
    ...wires.map(({ x1, y1, x2, y2 }) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`),
    ...boxes.map(drawBox),
    '</svg>',
  ].map((each) => `${each}\n`).join('')
}

function drawBox({ kind, x, y, width, height, lines, full }: MapBox): string {
  return [
    `<g><title>${markup(full)}</title>`, `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="${colours[kind]}"/>`,
    ...lines.map((line) => `<text x="${line.x}" y="${line.y}" class="${line.kind}" xml:space="preserve">${markup(line.text)}</text>`), '</g>',
  ].join('')
}

function titleOf(host: string): string {
  return markup(escapeControl(`networks of ${host}`))
}
