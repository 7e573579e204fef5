import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { compileFilter } from '../../../src/firewall/compile.js'
import { decompile } from '../../../src/firewall/decompile.js'
import { evaluateConnection } from '../../../src/firewall/evaluate.js'
import { Place } from '../../../src/firewall/faults.js'
import { install } from '../../../src/firewall/installed.js'
import { readRuleFile } from '../../../src/firewall/rule-file.js'
import type { FilterRules } from '../../../src/firewall/rule.js'
import { firstDifference } from '../../../src/firewall/same-rules.js'
import { filterElement, readFilter, readFilterEntries } from '../../../src/xml/filter.js'
import { serialize } from '../../../src/xml/node.js'
import { filters, openings, said } from './random-rules.js'

const place = new Place('rules.yaml')
const xmlOf = (filter: FilterRules) => serialize(filterElement(compileFilter(filter, [], place).spec))

describe('rules, compiled and worked out', () => {
  it('do with any connection what the rule language says', () => {
    fc.assert(fc.property(filters, fc.array(openings, { minLength: 1, maxLength: 12 }), (filter, packets) => {
      const xml = xmlOf(filter)
      const { chain, priority } = readFilter(xml)
      const installed = install('f', new Map([['f', { chain, priority, entries: readFilterEntries(xml) }]]), new Map())
      for (const packet of packets) expect(evaluateConnection(installed, packet).verdict).to.equal(said(filter, packet))
    }), { numRuns: Number(process.env['BAY_TEST_LONG'] ? 5000 : 400) })
  })

  it('come back from libvirt\'s XML as rules that compile to the same', async () => {
    await fc.assert(fc.asyncProperty(filters, async (filter) => {
      const before = readFilter(xmlOf(filter))
      const { form, without } = decompile(before, 0)
      expect(without).to.deep.equal([])
      const [again] = await readRuleFile(stringify(form), { where: 'rules.yaml' })
      if (!again) throw new Error('no filter')
      expect(firstDifference(before, readFilter(xmlOf(again))), stringify(form)).to.equal(null)
    }), { numRuns: Number(process.env['BAY_TEST_LONG'] ? 2000 : 200) })
  }).timeout(60_000)

  it('says which of libvirt\'s rules have no form', () => {
    const foreign = readFilter('<filter name="x"><rule action="accept" direction="inout"><tcp dstportstart="1"/></rule><rule action="accept" direction="in"><tcp srcipaddr="$IP"/></rule><rule action="drop" direction="in"/></filter>')
    expect(decompile(foreign, 0).without.map(({ number }) => number)).to.deep.equal([1, 2, 3])
  })
})
