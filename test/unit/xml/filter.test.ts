import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { UsageError } from '../../../src/errors.js'
import { filterElement, readFilter } from '../../../src/xml/filter.js'
import type { FilterRuleSpec, FilterSpec } from '../../../src/xml/filter.js'
import { serialize } from '../../../src/xml/node.js'

const dump = (name: string) => readFileSync(new URL(`../../fixtures/xml/libvirt/${name}.xml`, import.meta.url), 'utf8')
const drop: FilterRuleSpec = { action: 'drop', direction: 'in' }

describe('xml filter', () => {
  it('gives back what was built', () => {
    const spec: FilterSpec = {
      name: 'f', uuid: 'b5f0c3d2-8a47-4e19-a6b3-1d2c3e4f5a6b', chain: 'ipv4', priority: -700,
      refs: [{ filter: 'g', parameters: [{ name: 'IP', value: '10.0.0.1' }, { name: 'IP', value: '10.0.0.2' }] }],
      rules: [
        { ...drop, priority: -1000, statematch: false, protocol: 'tcp', attributes: { dstportstart: 22, match: false, dscp: undefined }, comment: 'a & b' },
        drop,
      ],
    }
    expect(readFilter(serialize(filterElement(spec)))).to.deep.equal({
      name: 'f', uuid: spec.uuid, chain: 'ipv4', priority: -700, references: spec.refs,
      rules: [
        {
          ...drop, priority: -1000, statematch: false, protocol: 'tcp', attributes: { dstportstart: '22', match: 'no' }, comment: 'a & b',
        },
        { ...drop, priority: 500, statematch: true, protocol: null, attributes: {}, comment: null },
      ],
    })
  })

  it('reads what libvirt writes', () => {
    const clean = readFilter(dump('filter-clean-traffic'))
    expect(clean).to.include({ name: 'clean-traffic', chain: 'root', priority: null })
    expect(clean.references.map(({ filter }) => filter)).to.deep.equal(
      ['no-mac-spoofing', 'no-ip-spoofing', 'allow-incoming-ipv4', 'no-arp-spoofing', 'no-other-l2-traffic', 'qemu-announce-self'])
    expect(clean.rules.map(({ priority, protocol, attributes }) => [priority, protocol, attributes])).to.deep.equal(
      [[-650, 'mac', { protocolid: 'ipv4' }], [-500, 'mac', { protocolid: 'arp' }]])
    const web = readFilter(dump('filter-web'))
    expect(web.rules[0]?.comment).to.equal(`web & "more" <it's>`)
    expect(web.rules.map(({ statematch }) => statematch)).to.deep.equal([true, false, true, true, true])
    expect(readFilter('<filter/>')).to.deep.include({ name: '', uuid: null, chain: 'root', rules: [] })
  })

  const refused: [Partial<FilterSpec>, string][] = [
    [{ priority: 1001 }, 'the priority of a chain must be between -1000 and 1000, not 1001'],
    [{ rules: [{ ...drop, priority: 5000 }] }, 'the priority of a rule must be between -1000 and 1000, not 5000'],
    [{ rules: [{ ...drop, priority: 0.5 }] }, 'the priority of a rule must be a whole number'],
    [{ rules: [{ ...drop, attributes: { dstportstart: 22 } }] }, 'needs a protocol'],
    [{ rules: [{ ...drop, comment: 'x' }] }, 'needs a protocol'],
    [{ rules: [{ ...drop, protocol: 'tcp"/>' }] }, 'cannot be the name of an XML element'],
    [{ rules: [{ ...drop, protocol: 'tcp', attributes: { dstportstart: NaN } }] }, 'must be a whole number'],
    [{ name: 'x\n\x01' }, 'name of <filter> holds U+0001'],
  ]
  for (const [spec, message] of refused) {
    it(`refuses: ${message}`, () => expect(() => filterElement({ name: 'f', rules: [], ...spec })).to.throw(UsageError, message))
  }
})
