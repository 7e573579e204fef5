import { expect } from 'chai'
import { renderMapDot, renderMapMermaid } from '../../../src/output/map-graph.js'
import { layoutMap, letter } from '../../../src/output/map-layout.js'
import { renderMapHtml, renderMapSvg } from '../../../src/output/map-svg.js'
import { renderMapTree } from '../../../src/output/map-tree.js'
import type { MapMachine, MapNetwork, NetworkMap } from '../../../src/map-model.js'
import { displayWidth } from '../../../src/output/width.js'
import { parse } from '../../../src/xml/node.js'
import { all } from '../../../src/xml/tree.js'

const machine = (name: string, more: Partial<MapMachine> = {}): MapMachine => ({
  name, running: true, also: [], nics: [{ mac: '52:54:00:00:00:01', tap: 'vnet0', addresses: ['10.20.0.5'], filter: 'clean-traffic' }], ...more,
})
const network = (name: string, machines: MapMachine[], more: Partial<MapNetwork> = {}): MapNetwork =>
  ({ kind: 'network', name, mode: 'nat', active: true, bridge: 'virbr0', subnets: ['10.20.0.1/24'], machines, ...more })

const evil = `<script>"x"&'y'</script>\u001b[31m\u202e\n-->]]>;#`
const small: NetworkMap = {
  host: 'h1', uri: 'qemu:///system',
  networks: [
    network('lab', [machine('web', { also: ['dmz'] }), machine('db', { running: false, nics: [{ mac: null, tap: null, addresses: [], filter: null }] })]),
    network('dmz', [machine('web', { also: ['lab'] })], { active: false, subnets: [] }),
    network('br0', [], { kind: 'bridge', mode: null, active: null, bridge: 'br0', subnets: [] }),
  ],
  unconnected: [machine('alone', { nics: [] })],
}
const hostile: NetworkMap = {
  host: evil, uri: evil, unconnected: [],
  networks: [network(evil, [
    machine(evil, { nics: [{ mac: evil, tap: evil, addresses: [evil], filter: evil }], also: [evil] }),
  ], { subnets: [evil], bridge: evil })],
}
const fifty: NetworkMap = {
  host: 'host-with-a-name-of-some-length.example.com', uri: 'qemu:///system', unconnected: [machine('nothing', { nics: [] })],
  networks: Array.from({ length: 6 }, (_, at) => network(`network-${at}`, Array.from({ length: 9 }, (__, number) => machine(
    number % 3 === 0 ? `m${at}-${number}` : number % 3 === 1 ? `a-machine-with-quite-a-long-name-${'x'.repeat(40)}-${number}` : `虚拟机${'器'.repeat(20)}`, {
      nics: Array.from({ length: 1 + number % 4 }, () => ({
        mac: '52:54:00:ab:cd:ef', tap: 'vnet17', addresses: ['192.168.100.200', 'fd00:1234:5678:9abc:5054:ff:feab:cdef'],
        filter: number % 2 ? 'clean-traffic' : null,
      })), also: number % 4 === 0 ? ['network-0', 'network-5'] : [],
    })))),
}

describe('the map of networks', () => {
  it('is a tree in a terminal', () => {
    expect(renderMapTree(small)).to.equal(`h1
├─ lab  nat  virbr0  10.20.0.1/24
│  ├─ web  running  also on dmz
│  │  └─ 52:54:00:00:00:01  10.20.0.5  filter clean-traffic  vnet0
│  └─ db  off
│     └─ no MAC
├─ dmz  nat  virbr0  stopped
│  └─ web  running  also on lab
│     └─ 52:54:00:00:00:01  10.20.0.5  filter clean-traffic  vnet0
├─ br0  bridge
└─ on no network
   └─ alone  running
`)
  })

  it('is a graph, where a machine on two networks is one node', () => {
    const mermaid = renderMapMermaid(small)
    expect(mermaid).to.match(/^graph LR\n {2}host\{\{"h1"\}\}\n {2}n0\(\["lab<br\/>nat virbr0 10\.20\.0\.1\/24"\]\)\n/)
    expect(mermaid.match(/m\d+\["web/g)).to.have.length(1)
    expect(mermaid).to.contain('n1 ---|"52:54:00:00:00:01 10.20.0.5 filter clean-traffic vnet0"| m0')
    const dot = renderMapDot(small)
    expect(dot).to.match(/^graph networks \{\n/).and.to.contain('n0 -- m0 [label="52:54:00:00:00:01 10.20.0.5 filter clean-traffic vnet0"]')
    expect(dot.match(/label="web\\nrunning"/g)).to.have.length(1)
  })

  it('has no name that is Markdown, TeX or a comment to Mermaid', () => {
    const names = ['**b** _i_ my_vm', '1. list', '- list', '$$x$$', '%% comment', '~~x~~']
    const text = renderMapMermaid({ ...small, networks: [network('lab', names.map((name) => machine(name)))], unconnected: [] })
    expect([...text.matchAll(/m\d+\["(.*)<br\/>/g)].map(([, label]) => label)).to.deep.equal([
      '#42;#42;b#42;#42; #95;i#95; my_vm', '1#46; list', '#45; list', '#36;#36;x#36;#36;', '#37;#37; comment', '#126;#126;x#126;#126;',
    ])
  })

  it('takes names for text, whatever they hold', () => {
    for (const render of [renderMapTree, renderMapMermaid, renderMapDot, renderMapSvg, renderMapHtml]) {
      expect(render(hostile)).not.to.match(/[\u001b\u202e]/)
    }
    expect(renderMapHtml(hostile)).not.to.match(/<script|"x"/)
    expect(renderMapMermaid(hostile)).not.to.match(/<script|"x"/)
    for (const label of renderMapDot(hostile).matchAll(/label=("(?:[^"\\]|\\.)*")(.)/g)) expect(label[2]).to.equal(']')
    expect(all(parse(renderMapSvg(hostile)), 'g')).to.have.length(3)
  })

  it('is a picture of its own: no script, no address, and well-formed', () => {
    const svg = renderMapSvg(fifty)
    expect(all(parse(svg), 'g/text').length).to.be.greaterThan(200)
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.to.match(/https?:|<script|href|@import|url\(/)
  })

  it('cuts no address', () => {
    const six = 'fd00:1234:5678:9abc:5054:ffff:feab:cdef'
    const nics = [{ mac: '52:54:00:00:00:01', tap: null, addresses: ['192.168.100.200', six], filter: null }]
    const { boxes } = layoutMap({ ...small, networks: [network('lab', [machine('web', { nics })])] })
    const texts = boxes.flatMap(({ lines }) => lines.map(({ text }) => text))
    expect(texts).to.include.members(['52:54:00:00:00:01 192.168.100.200', `  ${six}`])
  })

  for (const [what, map] of Object.entries({ small, hostile, fifty })) {
    it(`has boxes that do not overlap, texts that fit and all inside: ${what}`, () => {
      const { width, height, boxes } = layoutMap(map)
      for (const [at, one] of boxes.entries()) {
        expect(one.x + one.width, one.full).to.be.at.most(width)
        expect(one.y + one.height, one.full).to.be.at.most(height)
        for (const { text, x, y } of one.lines) {
          expect(x + displayWidth(text) * letter.width, text).to.be.at.most(one.x + one.width)
          expect(y, text).to.be.within(one.y + letter.size, one.y + one.height)
        }
        for (const other of boxes.slice(at + 1)) {
          const beside = one.x + one.width <= other.x || other.x + other.width <= one.x
          const apart = beside || one.y + one.height <= other.y || other.y + other.height <= one.y
          expect(apart, `${one.full} / ${other.full}`).to.equal(true)
        }
      }
    })

    it(`has wires that cross no box: ${what}`, () => {
      const { boxes, wires } = layoutMap(map)
      for (const { x1, x2, y1, y2 } of wires) {
        for (const box of boxes) {
          const [left, right, top, bottom] = [Math.min(x1, x2), Math.max(x1, x2), Math.min(y1, y2), Math.max(y1, y2)]
          const crosses = left < box.x + box.width && right > box.x && top < box.y + box.height && bottom > box.y
          expect(crosses, `${box.full}: ${[x1, y1, x2, y2].join()}`).to.equal(false)
        }
      }
    })
  }
})
