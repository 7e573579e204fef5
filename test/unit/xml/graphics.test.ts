import { expect } from 'chai'
import { graphicsOf, readAccess, withAccess } from '../../../src/xml/domain-graphics.js'
import { serialize } from '../../../src/xml/node.js'

const vnc = '<graphics type="vnc" port="5900" autoport="yes" listen="127.0.0.1" keymap="de" passwd="o&lt;d" passwdValidTo="2030-01-02T03:04:05" connected="keep">'
  + '<listen type="address" address="127.0.0.1"/><!-- kept --><unknown a="b"/></graphics>'
const domain = `<domain><devices><disk/>${vnc}<graphics type="sdl"/></devices></domain>`

describe('xml graphics', () => {
  it('reads passwords and their ends', () => {
    const [first, second] = graphicsOf(domain).map(readAccess)
    expect(first).to.deep.equal({ password: 'o<d', validTo: new Date('2030-01-02T03:04:05Z') })
    expect(second).to.equal(null)
    expect(graphicsOf('<domain/>')).to.deep.equal([])
  })

  it('changes the password and its end, and nothing else', () => {
    const [graphics] = graphicsOf(domain)
    if (!graphics) throw new Error('no graphics')
    const changed = (access: Parameters<typeof withAccess>[1]) => serialize(withAccess(graphics, access), { indent: 0 })
    expect(changed({ password: 'n&"w', validTo: new Date('2031-12-31T23:59:59.999Z') }))
      .to.equal(vnc.replace('o&lt;d', 'n&amp;&quot;w').replace('2030-01-02T03:04:05', '2031-12-31T23:59:59'))
    expect(changed({ password: 'new', validTo: null })).to.equal(vnc.replace('o&lt;d', 'new').replace(' passwdValidTo="2030-01-02T03:04:05"', ''))
    expect(changed(null)).to.equal(vnc.replace(/ passwd="[^"]*" passwdValidTo="[^"]*"/, ''))
    expect(serialize(graphics, { indent: 0 })).to.equal(vnc)
  })
})
