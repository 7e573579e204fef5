import { expect } from 'chai'
import { bay } from '../lab/bay.js'

// libvirt's test host has no network filters; what can be done with them is tested in the lab.
describe('bay filter on the test host', function () {
  this.timeout(60_000)
  const filter = (stdin: string, ...args: string[]) => bay(['-c', 'test:///default', 'filter', ...args], { stdin })

  it('says that there are none there, whatever the verb', async () => {
    const verbs = [['list'], ['show', 'web'], ['xml', 'web'], ['delete', 'web'], ['define', '-']]
    const results = await Promise.all(verbs.map((verb) => filter('<filter name="web"/>', ...verb)))
    for (const [at, { code, stdout, stderr }] of results.entries()) {
      expect({ verb: verbs[at]?.[0], code, stdout }).to.deep.equal({ verb: verbs[at]?.[0], code: 1, stdout: '' })
      expect(stderr).to.match(/^bay: .*has no network filters/)
    }
  })

  it('refuses a document before it asks the host', async () => {
    const bad: [xml: string, says: RegExp][] = [
      ['<filter name="web">', /standard input: .*line 1/],
      ['<filter name="a"/><filter name="b"/>', /second root/],
      ['<!DOCTYPE filter><filter name="a"/>', /DOCTYPE/],
      ['<network><name>x</name></network>', /holds a <network>, not a <filter>/],
      ['<filter/>', /has no name/],
    ]
    await Promise.all(bad.map(async ([xml, says]) => {
      const result = await filter(xml, 'define', '-')
      expect(result, xml).to.include({ code: 2, stdout: '' })
      expect(result.stderr, xml).to.match(says)
    }))
  })
})
