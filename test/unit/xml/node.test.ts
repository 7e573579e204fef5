import { expect } from 'chai'
import { readFileSync, readdirSync } from 'node:fs'
import { UsageError } from '../../../src/errors.js'
import { el, parse, serialize, text } from '../../../src/xml/node.js'
import { all, attr, child, children, path, textOf } from '../../../src/xml/tree.js'

const fixtures = new URL('../../fixtures/xml/', import.meta.url)

describe('xml node: el', () => {
  it('leaves out what is absent and writes booleans as libvirt does', () => {
    const element = el('a', { x: 1, y: undefined, z: null, yes: true, no: false, empty: '' }, null, undefined, false, '', 0)
    expect(element).to.deep.equal({
      type: 'element', name: 'a', attributes: { x: '1', yes: 'yes', no: 'no', empty: '' }, children: [text('0')],
    })
  })

  it('joins texts that stand side by side', () => {
    expect(el('a', {}, 'b', 1, 'c').children).to.deep.equal([text('b1c')])
  })

  const refused: [string, () => unknown, RegExp][] = [
    ['NUL in text', () => el('a', {}, 'x\0'), /the text of <a> holds U\+0000/],
    ['a control character in an attribute', () => el('a', { b: '\x1b[31m' }), /b of <a> holds U\+001B/],
    ['a lone surrogate', () => el('a', {}, '\ud83d'), /U\+D83D/],
    ['U+FFFE', () => el('a', {}, '\ufffe'), /U\+FFFE/],
    ['a name with a blank', () => el('a b', {}), /"a b" cannot be the name of an XML element/],
    ['an empty name', () => el('', {}), /name of an XML element/],
    ['an attribute name that is markup', () => el('a', { 'b="c" d': 1 }), /name of an XML attribute/],
    ['a name that objects lose', () => el('a', JSON.parse('{"__proto__": "x"}') as Record<string, string>), /__proto__/],
    ['a name that hides a method', () => el('a', { hasOwnProperty: 'x' }), /hasOwnProperty/],
    ['NaN', () => el('a', { b: NaN }), /b of <a> must be a whole number, not NaN/],
    ['a fraction', () => el('a', {}, 1.5), /whole number, not 1.5/],
    ['a number past 2^53', () => el('a', {}, 2 ** 60), /whole number/],
  ]
  for (const [what, build, message] of refused) {
    it(`refuses ${what}`, () => expect(build).to.throw(UsageError, message))
  }
})

describe('xml node: parse and serialize', () => {
  it('escapes so that every reader gets the same characters', () => {
    const nasty = `a&b&amp;c<d>e"f'g\th\ni\rj]]>k`
    expect(serialize(el('x', { v: nasty }, nasty))).to.equal(
      `<x v="a&amp;b&amp;amp;c&lt;d&gt;e&quot;f'g&#9;h&#10;i&#13;j]]&gt;k">`
      + `a&amp;b&amp;amp;c&lt;d&gt;e"f'g\th\ni&#13;j]]&gt;k</x>`)
  })

  it('reads line ends and blanks in attributes as XML says, and keeps those that are written as numbers', () => {
    const element = parse('<a b="1\r\n2\t3&#10;4&#9;5&#13;6">x\r\ny\rz&#13;</a>')
    expect(attr(element, 'b')).to.equal('1 2 3\n4\t5\r6')
    expect(textOf(element)).to.equal('x\ny\nz\r')
  })

  it('keeps everything of an odd document', () => {
    const odd = parse(readFileSync(new URL('odd.xml', fixtures), 'utf8'))
    expect(parse(serialize(odd))).to.deep.equal(odd)
    expect(parse(serialize(odd, { indent: 0 }))).to.deep.equal(odd)
    expect(textOf(child(odd, 'name'))).to.equal(`odd & "quoted" <it's> é 😀 ]]>`)
    expect(textOf(child(odd, 'description'))).to.equal('  two  blanks &amp; one literal entity\n\ta tab and a line\ra return  ')
    expect(children(child(odd, 'devices')).map(({ name }) => name)).to.deep.equal(['interface', 'disk', 'interface', 'disk'])
    expect(child(odd, 'devices')?.children.map(({ type }) => type)).to.deep.equal(['element', 'element', 'element', 'comment', 'element'])
    expect(attr(path(odd, 'metadata/ext:note'), 'ext:kind')).to.equal(`a"b'c<d>e&f&amp;g\nh\ti\rj`)
    expect(serialize(path(odd, 'metadata/ext:note') ?? odd)).to.contain('mixed <ext:b>bold</ext:b> and <ext:i/> tail')
    expect(path(odd, 'metadata/other')?.children).to.deep.equal([
      { type: 'cdata', cdata: 'raw <markup> & ]] > entities &amp; stay' }, text(' after'),
    ])
    expect(child(odd, 'metadata')?.children).to.deep.include(
      { type: 'instruction', name: 'ext-tool', instruction: 'mode="fast" a < b && c ' })
    expect(textOf(path(odd, 'metadata/blank'))).to.equal('   ')
    expect(serialize(path(odd, 'metadata/kept') ?? odd)).to.equal(
      '<kept xml:space="preserve"> <a/> <b xml:space="default"><c/></b> </kept>')
  })

  for (const file of readdirSync(new URL('libvirt/', fixtures))) {
    it(`keeps all of ${file}`, () => {
      const written = readFileSync(new URL(`libvirt/${file}`, fixtures), 'utf8')
      const element = parse(written)
      const again = serialize(element)
      expect(parse(again)).to.deep.equal(element)
      expect(parse(serialize(element, { indent: 0 }))).to.deep.equal(element)
      expect(sameQuotes(again)).to.equal(sameQuotes(written.trimEnd()))
    })
  }

  it('splits CDATA that holds its own end', () => {
    const element = { ...el('a', {}), children: [{ type: 'cdata' as const, cdata: 'x]]>y]]>z' }] }
    expect(textOf(parse(serialize(element)))).to.equal('x]]>y]]>z')
  })

  it('indents by the spaces it is told, and never where there is text', () => {
    const element = el('a', {}, el('b', {}, el('c', {})), el('d', {}, 'text ', el('e', {}, el('f', {}))))
    expect(serialize(element, { indent: 1 })).to.equal('<a>\n <b>\n  <c/>\n </b>\n <d>text <e><f/></e></d>\n</a>')
    expect(serialize(element, { indent: 0 })).to.equal('<a><b><c/></b><d>text <e><f/></e></d></a>')
  })

  it('counts a no-break space as content', () => {
    expect(textOf(parse('<a>\u00a0<b/></a>'))).to.equal('\u00a0')
  })

  it('keeps names that objects have methods for', () => {
    const element = parse('<constructor toString="1" valueOf="2"><hasOwnProperty/></constructor>')
    expect(serialize(element, { indent: 0 })).to.equal('<constructor toString="1" valueOf="2"><hasOwnProperty/></constructor>')
    expect(attr(element, 'constructor')).to.equal(undefined)
  })

  it('reads 100,000 elements', () => {
    expect(all(parse(`<a>${'<b c="1"/>'.repeat(100_000)}</a>`), 'b')).to.have.length(100_000)
  })
})

/** libvirt quotes with ' and closes an empty element that once held something with a tag of its own. */
function sameQuotes(xml: string): string {
  return xml.replaceAll('\'', '"').replaceAll('&apos;', '"').replaceAll('&quot;', '"')
    .replace(/<([\w-]+)>\s*<\/\1>/g, '<$1/>')
}
