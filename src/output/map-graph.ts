import type { MapMachine, NetworkMap } from '../map-model.js'
import { escapeControl } from './escape.js'
import { machineParts, networkParts, nicParts } from './map.js'

interface Edge { from: string, to: string, label: string }

interface Graph {
  nodes: { id: string, kind: 'host' | 'network' | 'machine', lines: string[] }[]
  edges: Edge[]
}

/** The map as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
export function renderMapMermaid(map: NetworkMap): string {
  const { nodes, edges } = graphOf(map)
  const text = (lines: readonly string[]) => `"${lines.map(mermaidText).join('<br/>')}"`
  const shapes = { host: ['{{', '}}'], network: ['([', '])'], machine: ['[', ']'] } as const
  return [
    'graph LR',
    ...nodes.map(({ id, kind, lines }) => `  ${id}${shapes[kind][0]}${text(lines)}${shapes[kind][1]}`),
    ...edges.map(({ from, to, label }) => label === '' ? `  ${from} --- ${to}` : `  ${from} ---|${text([label])}| ${to}`),
  ].map((line) => `${line}\n`).join('')
}

/** The map in the language of Graphviz (https://graphviz.org/doc/info/lang.html). */
export function renderMapDot(map: NetworkMap): string {
  const { nodes, edges } = graphOf(map)
  const quoted = (lines: readonly string[]) => `"${lines.map(dotText).join('\\n')}"`
  const shapes = { host: 'house', network: 'ellipse', machine: 'box' }
  return [
    'graph networks {', '  rankdir=LR',
    ...nodes.map(({ id, kind, lines }) => `  ${id} [shape=${shapes[kind]}, label=${quoted(lines)}]`),
    ...edges.map(({ from, to, label }) => `  ${from} -- ${to}${label === '' ? '' : ` [label=${quoted([label])}]`}`),
    '}',
  ].map((line) => `${line}\n`).join('')
}

/** A machine is one node, however many networks it is on. */
function graphOf({ host, networks, unconnected }: NetworkMap): Graph {
  const graph: Graph = { nodes: [{ id: 'host', kind: 'host', lines: [host] }], edges: [] }
  const ids = new Map<string, string>()
  const idOf = (machine: MapMachine) => {
    const id = ids.get(machine.name) ?? `m${ids.size}`
    if (!ids.has(machine.name)) graph.nodes.push({ id, kind: 'machine', lines: [machine.name, machine.running ? 'running' : 'off'] })
    ids.set(machine.name, id)
    return id
  }
  for (const [at, network] of networks.entries()) {
    graph.nodes.push({ id: `n${at}`, kind: 'network', lines: [network.name, networkParts(network).join(' ')] })
    graph.edges.push({ from: 'host', to: `n${at}`, label: '' })
    for (const machine of network.machines) {
      const to = idOf(machine)
      graph.edges.push(...machine.nics.map((nic) => ({ from: `n${at}`, to, label: nicParts(nic).join(' ') })))
    }
  }
  for (const machine of unconnected) graph.edges.push({ from: 'host', to: idOf(machine), label: machineParts(machine)[0] === 'off' ? '' : 'no network' })
  return graph
}

/** Graphviz reads the escapes of a string, and then the entities of HTML. */
function dotText(text: string): string {
  return escapeControl(text).replaceAll(/[\\"]/g, '\\$&').replaceAll('&', '&amp;')
}

/** Mermaid knows entities by number; it takes markup for what it is, and so it does with Markdown and TeX, lists included. */
function mermaidText(text: string): string {
  return escapeControl(text).replaceAll(mermaidSigns, (sign) => `#${sign.codePointAt(0)};`)
}

const mermaidSigns = /["#<>&;|[\]{}()\\`%*~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=^\d+)\.(?= )|^[-+](?= )/g
