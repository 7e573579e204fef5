import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import type { MapMachine, NetworkMap } from '../../src/map-model.js'
import { renderMapDot } from '../../src/output/map-graph.js'
import { parse } from '../../src/xml/node.js'
import { all, textOf } from '../../src/xml/tree.js'

const machine = (name: string): MapMachine => ({
  name, running: true, also: [], nics: [{ mac: '52:54:00:00:00:01', tap: 'vnet0', addresses: ['10.20.0.5'], filter: 'clean-traffic' }],
})
// What libvirt takes as a name, and what would mean something to Graphviz.
const names = [
  `it's "quoted"`, 'a  b', '虚拟机 🙂', 'back\\slash\\n', '</b><i>', '&amp; & &#65; \\N\\G', '\\', 'node', 'subgraph', '-->', '{a|b}', '%d', '"; }', '// x', '# x',
]
const map: NetworkMap = {
  host: 'h "1"', uri: 'qemu:///system', unconnected: [machine('alone')],
  networks: [{ kind: 'network', name: 'net "&amp;"', mode: 'nat', active: true, bridge: 'virbr0', subnets: ['10.20.0.1/24'], machines: names.map(machine) }],
}

describe('the map of networks in Graphviz', () => {
  it('is drawn, with each name as it is', function () {
    this.timeout(60_000)
    const { error, status, stdout, stderr } = spawnSync('dot', ['-Tsvg'], { input: renderMapDot(map), encoding: 'utf8' })
    if (error && 'code' in error && error.code === 'ENOENT') {
      this.test!.title += ' (skipped: graphviz is not installed)'
      this.skip()
    }
    expect(status, stderr).to.equal(0)
    // Without its document type, which XML here never has.
    const texts = all(parse(stdout.replace(/^[^]*?(?=<svg)/, '')), 'g/g/text').map((text) => (textOf(text) ?? '').replaceAll('\u00a0', ' '))
    expect(texts).to.include.members([...names, 'h "1"', 'net "&amp;"', 'alone', '52:54:00:00:00:01 10.20.0.5 filter clean-traffic vnet0'])
    expect(texts.filter((text) => text === 'running')).to.have.length(names.length + 1)
  })
})
