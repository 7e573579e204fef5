import type { MapMachine, NetworkMap } from '../map-model.js'
import { escapeControl } from './escape.js'
import { machineParts, networkParts } from './map.js'
import { fitWidth } from './width.js'

export interface TextLine {
  text: string
  x: number
  /** of its foot */
  y: number
  kind: 'title' | 'text' | 'note'
}

export interface MapBox {
  kind: 'host' | 'network' | 'running' | 'off'
  x: number
  y: number
  width: number
  height: number
  lines: TextLine[]
  /** all that is said of it, for what did not fit */
  full: string
}

export interface MapLayout {
  width: number
  height: number
  boxes: MapBox[]
  wires: { x1: number, y1: number, x2: number, y2: number }[]
}

/** The size of a letter in pixels, and what a column of it takes at most in the fonts that a viewer may have. */
export const letter = { size: 11, width: 6.9 }
const line = 15
const pad = 8
const gap = 14
/** An interface's longest IPv6 address fits. */
const box = 300
const head = 240
const columns = 4

/**
 * Places the map: a band a network, with its machines in rows to the right of it, each with its interfaces on that network only. A
 * machine on two networks is in both bands and says so, which at fifty machines can be read where crossing lines cannot.
 */
export function layoutMap({ host, networks, unconnected }: NetworkMap): MapLayout {
  const layout: MapLayout = { width: gap + head + columns * (box + gap) + 2 * gap, height: 0, boxes: [], wires: [] }
  layout.boxes.push(boxAt('host', { x: gap, y: gap, width: head }, [[host, 'title']]))
  const trunk = { x: gap / 2, top: gap + line, bottom: gap + line }
  let y = 2 * gap + line + 2 * pad
  const bands = [
    ...networks.map((network) => ({ title: network.name, notes: networkParts(network), machines: network.machines })),
    ...unconnected.length === 0 ? [] : [{ title: 'on no network', notes: [], machines: unconnected }],
  ]
  for (const { title, notes, machines } of bands) {
    const own = boxAt('network', { x: gap, y, width: head }, [[title, 'title'], ...notes.map((note): Said => [note, 'text'])])
    layout.boxes.push(own)
    const middle = y + line
    layout.wires.push({ x1: trunk.x, y1: middle, x2: gap, y2: middle })
    trunk.bottom = middle
    const bottom = placeMachines(layout, machines, { y, from: gap + head })
    y = Math.max(y + own.height, bottom) + gap
  }
  const { x, top, bottom } = trunk
  layout.wires.push({ x1: x, y1: top, x2: x, y2: bottom }, { x1: x, y1: top, x2: gap, y2: top })
  return { ...layout, height: y }
}

/** Rows of boxes, each row as high as its highest; a wire along the top of each row. Gives where they end. */
function placeMachines(layout: MapLayout, machines: readonly MapMachine[], { y, from }: { y: number, from: number }): number {
  let top = y
  for (let at = 0; at < machines.length; at += columns) {
    const row = machines.slice(at, at + columns)
      .map((machine, column) => machineBox(machine, { x: from + 2 * gap + column * (box + gap), y: top, width: box }))
    const first = row[0]
    if (first) layout.wires.push({ x1: from + gap, y1: top + line, x2: first.x, y2: top + line })
    for (const [index, each] of row.entries()) {
      const before = row[index - 1]
      if (before) layout.wires.push({ x1: before.x + before.width, y1: top + line, x2: each.x, y2: top + line })
    }
    layout.boxes.push(...row)
    const next = top + Math.max(...row.map(({ height }) => height)) + gap
    layout.wires.push(at === 0
      ? { x1: from, y1: top + line, x2: from + gap, y2: top + line }
      : { x1: from + gap, y1: y + line, x2: from + gap, y2: top + line })
    top = next
  }
  return top - (machines.length > 0 ? gap : 0)
}

type Said = [text: string, kind: TextLine['kind']]

function machineBox(machine: MapMachine, place: Place): MapBox {
  const nics = machine.nics.flatMap(({ mac, addresses, filter, tap }): Said[] => [
    [[mac ?? 'no MAC', ...addresses.slice(0, 1)].join(' '), 'text'],
    ...addresses.slice(1).map((address): Said => [`  ${address}`, 'text']),
    ...[tap, filter === null ? null : `filter ${filter}`].flatMap((note): Said[] => note === null ? [] : [[`  ${note}`, 'note']]),
  ])
  const notes = machineParts(machine).map((part): Said => [part, 'note'])
  return boxAt(machine.running ? 'running' : 'off', place, [[machine.name, 'title'], ...notes, ...nics])
}

interface Place { x: number, y: number, width: number }

function boxAt(kind: MapBox['kind'], { x, y, width }: Place, said: readonly Said[]): MapBox {
  const most = Math.floor((width - 2 * pad) / letter.width)
  const lines = said.map(([text, style], at): TextLine => (
    { text: fitWidth(escapeControl(text), most), x: x + pad, y: y + pad + (at + 1) * line - 4, kind: style }
  ))
  return { kind, x, y, width, height: said.length * line + 2 * pad, lines, full: said.map(([text]) => escapeControl(text)).join('\n') }
}
