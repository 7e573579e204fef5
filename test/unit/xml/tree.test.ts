import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { bayElement, bayNamespace, localName, metadataElement, readBay, writeBay } from '../../../src/xml/metadata.js'
import { el, parse, serialize } from '../../../src/xml/node.js'
import { bytesOf, integer, kibibytes, whole } from '../../../src/xml/numbers.js'
import { all, attr, child, children, path, remove, textOf, upsert } from '../../../src/xml/tree.js'

const flat = (element: Parameters<typeof serialize>[0]) => serialize(element, { indent: 0 })

describe('xml tree: finding', () => {
  const root = parse('<a><b n="1"><c>x</c></b><d/><b n="2"><c>y</c><c><![CDATA[z]]>!</c></b></a>')

  it('finds by name and by path, in document order', () => {
    expect(attr(child(root, 'b'), 'n')).to.equal('1')
    expect(children(root, 'b').map((b) => attr(b, 'n'))).to.deep.equal(['1', '2'])
    expect(children(root)).to.have.length(3)
    expect(all(root, 'b/c').map(textOf)).to.deep.equal(['x', 'y', 'z!'])
    expect(textOf(path(root, 'b/c'))).to.equal('x')
  })

  it('answers undefined or nothing for what is not there', () => {
    expect(child(root, 'x')).to.equal(undefined)
    expect(path(root, 'x/c')).to.equal(undefined)
    expect(all(undefined, 'b')).to.deep.equal([])
    expect(textOf(undefined)).to.equal(undefined)
    expect(textOf(child(root, 'd'))).to.equal('')
    expect(attr(undefined, 'n')).to.equal(undefined)
    expect(attr(root, 'constructor')).to.equal(undefined)
  })
})

describe('xml tree: editing', () => {
  it('sets what is there and leaves its siblings, attributes and order', () => {
    const root = parse('<d><!-- c --><memory unit="KiB" dumpCore="off">1</memory><x/></d>')
    upsert(root, 'memory', { unit: 'MiB', other: undefined }, 2)
    expect(flat(root)).to.equal('<d><!-- c --><memory unit="MiB" dumpCore="off">2</memory><x/></d>')
    upsert(root, 'memory', { dumpCore: null })
    expect(flat(root)).to.equal('<d><!-- c --><memory unit="MiB">2</memory><x/></d>')
  })

  it('makes what is missing, at the end', () => {
    const root = parse('<d><os><type/></os><x/></d>')
    const element = upsert(root, 'os/bootmenu', { enable: true })
    upsert(root, 'cpu/topology', { sockets: 1 }, el('y', {}))
    expect(element).to.equal(path(root, 'os/bootmenu'))
    expect(flat(root)).to.equal('<d><os><type/><bootmenu enable="yes"/></os><x/><cpu><topology sockets="1"><y/></topology></cpu></d>')
  })

  it('empties when told so, and refuses what XML cannot carry', () => {
    const root = parse('<d><a>x</a></d>')
    upsert(root, 'a', {}, '')
    expect(flat(root)).to.equal('<d><a/></d>')
    expect(() => upsert(root, 'a', { b: '\0' })).to.throw(UsageError)
  })

  it('removes all at a path, or those that are picked', () => {
    const root = parse('<d><v><disk n="1"/><nic/><disk n="2"/></v><v><disk n="3"/></v>text</d>')
    expect(remove(root, 'v/disk', (disk) => attr(disk, 'n') === '2')).to.equal(1)
    expect(remove(root, 'v/disk')).to.equal(2)
    expect(remove(root, 'v/disk')).to.equal(0)
    expect(flat(root)).to.equal('<d><v><nic/></v><v/>text</d>')
    expect(remove(root, 'v')).to.equal(2)
  })
})

describe('xml metadata', () => {
  it('is added, replaced in place and removed, and others stay', () => {
    const root = parse('<domain><metadata><o:x xmlns:o="urn:o"/></metadata></domain>')
    expect(readBay(root)).to.equal(null)
    writeBay(root, { profile: 'web', protected: true, none: undefined })
    expect(readBay(root)).to.deep.equal({ profile: 'web', protected: 'yes' })
    child(root, 'metadata')?.children.push(el('z', { xmlns: 'urn:z' }))
    writeBay(root, { profile: 'db' })
    expect(flat(root)).to.equal('<domain><metadata><o:x xmlns:o="urn:o"/><bay:bay xmlns:bay="urn:bay:1" profile="db"/><z xmlns="urn:z"/></metadata></domain>')
    writeBay(root, null)
    expect(flat(root)).to.equal('<domain><metadata><o:x xmlns:o="urn:o"/><z xmlns="urn:z"/></metadata></domain>')
  })

  it('leaves no empty <metadata>, and nothing to remove is no error', () => {
    const root = parse('<network><name>n</name></network>')
    writeBay(root, null)
    writeBay(root, {})
    expect(readBay(root)).to.deep.equal({})
    writeBay(root, null)
    expect(flat(root)).to.equal('<network><name>n</name></network>')
  })

  it('is known by its namespace, not by its prefix', () => {
    const other = parse('<d><metadata><bay:bay xmlns:bay="urn:else" a="1"/><q:any xmlns:q="urn:bay:1" b="2"/></metadata></d>')
    expect(readBay(other)).to.deep.equal({ b: '2' })
    const byDefault = parse('<d><metadata><bay xmlns="urn:bay:1" c="3"/></metadata></d>')
    expect(readBay(byDefault)).to.deep.equal({ c: '3' })
    const outer = parse('<d xmlns:b="urn:bay:1"><metadata><b:bay d="4"/></metadata></d>')
    expect(readBay(outer)).to.deep.equal({ d: '4' })
    expect(metadataElement(outer, bayNamespace)?.name).to.equal('b:bay')
    expect(metadataElement(outer, 'urn:none')).to.equal(undefined)
    expect(localName(bayElement({}))).to.equal('bay')
  })
})

describe('xml numbers', () => {
  it('checks whole numbers and their range', () => {
    expect(whole(0, 'n')).to.equal(0)
    expect(whole(-5, 'n', { min: -5 })).to.equal(-5)
    for (const bad of [NaN, Infinity, -1, 0.5, 2 ** 53]) expect(() => whole(bad, 'n')).to.throw(UsageError, /^n must be/)
    expect(() => whole(11, 'n', { min: 1, max: 10 })).to.throw('n must be between 1 and 10, not 11')
    expect(kibibytes(4096, 'm')).to.equal(4)
    expect(() => kibibytes(1000, 'm')).to.throw('m must be a multiple of 1 KiB, not 1000 bytes')
  })

  it('reads sizes in every unit of libvirt', () => {
    const units: Record<string, number> = {
      b: 1, bytes: 1, byte: 1, B: 1, KB: 1000, k: 1024, K: 1024, KiB: 1024, kib: 1024, MB: 1e6, M: 2 ** 20, MiB: 2 ** 20,
      GB: 1e9, G: 2 ** 30, GiB: 2 ** 30, TB: 1e12, T: 2 ** 40, TiB: 2 ** 40, PB: 1e15, PiB: 2 ** 50, EB: 1e18, EiB: 2 ** 60,
    }
    for (const [unit, factor] of Object.entries(units)) expect(bytesOf(el('m', { unit }, 3), 'bytes'), unit).to.equal(3 * factor)
    expect(bytesOf(el('m', {}, 3), 'KiB')).to.equal(3072)
    expect(bytesOf(el('m', {}, ' 3\n'), 'bytes')).to.equal(3)
    expect(bytesOf(el('m', { unit: 'KiB' }, '9007199254740991'), 'bytes')).to.equal(9007199254740991 * 1024)
    for (const bad of [el('m', {}), el('m', {}, 'x'), el('m', {}, '-1'), el('m', { unit: 'furlong' }, 1), undefined]) {
      expect(bytesOf(bad, 'bytes')).to.equal(null)
    }
  })

  it('reads integers', () => {
    expect(['7', ' -3 ', '', 'x', '1.5', undefined].map(integer)).to.deep.equal([7, -3, null, null, null, null])
  })
})
