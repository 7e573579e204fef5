import type { MapMachine, NetworkMap } from '../map-model.js'
import { escapeControl } from './escape.js'
import { machineParts, networkParts, nicParts } from './map.js'

interface Node { text: string, below: Node[] }

/** The map as a tree for a terminal. */
export function renderMapTree(map: NetworkMap): string {
  const machine = (each: MapMachine): Node => ({
    text: `${each.name}  ${machineParts(each).join('  ')}`, below: each.nics.map((nic) => ({ text: nicParts(nic).join('  '), below: [] })),
  })
  const below = map.networks.map((network): Node => ({
    text: [network.name, ...networkParts(network)].join('  '), below: network.machines.map(machine),
  }))
  const alone = map.unconnected.length === 0 ? [] : [{ text: 'on no network', below: map.unconnected.map(machine) }]
  return [escapeControl(map.host), ...linesOf([...below, ...alone], '')].map((line) => `${line}\n`).join('')
}

function linesOf(nodes: readonly Node[], indent: string): string[] {
  return nodes.flatMap(({ text, below }, at) => {
    const last = at === nodes.length - 1
    return [`${indent}${last ? '└─ ' : '├─ '}${escapeControl(text)}`, ...linesOf(below, `${indent}${last ? '   ' : '│  '}`)]
  })
}
