import { expect } from 'chai'
import fc from 'fast-check'
import { html, Markup } from '../../../src/output/html.js'

describe('pages of HTML', () => {
  it('have values as text, between tags and in quotes', () => {
    expect(html`<p title="${'"><b>'}">${'<script>alert(1)</script> & \'x\''}</p>`.text)
      .to.equal('<p title="&#34;&#62;&#60;b&#62;">&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#39;x&#39;</p>')
  })

  it('have markup, lists, numbers and nothing as they are', () => {
    expect(html`${new Markup('<b>')}|${[html`<i>${'<'}</i>`, 2]}|${null}|`.text).to.equal('<b>|<i>&#60;</i>2||')
  })

  it('show what would hide or turn round, and keep lines', () => {
    expect(html`${'a\u202eb\u0007\nc'}`.text).to.equal('a\\u{202e}b\\x07\nc')
  })

  it('never have a tag or the end of a quote from a value', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(html`${text}`.text).not.to.match(/[<>"']|&(?!#\d+;)/)
    }))
  })
})
