import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../../src/errors.js'
import { domainElement } from '../../../src/xml/domain.js'
import { readDomain } from '../../../src/xml/domain-description.js'
import { filterElement, readFilter } from '../../../src/xml/filter.js'
import { readNetwork } from '../../../src/xml/network-description.js'
import { networkElement } from '../../../src/xml/network.js'
import { el, parse, serialize } from '../../../src/xml/node.js'
import type { XmlElement } from '../../../src/xml/node.js'
import { poolElement, readPool } from '../../../src/xml/pool.js'
import { attr } from '../../../src/xml/tree.js'
import { readVolume, volumeElement } from '../../../src/xml/volume.js'

const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

const snippet = fc.constantFrom('&', '<', '>', '"', '\'', '&amp;', '&lt;', '&#10;', ']]>', '<!--', '-->', '<![CDATA[', '?>',
  '\n', '\t', '\r', '\r\n', ' ', '\u00a0', 'é', '世界', '😀', '\u202e', '\u0085', '\u2028', '%s', '${x}')
const nasty = fc.array(fc.oneof(snippet, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 8 })
  .map((parts) => parts.join('')).filter((value) => !forbidden.test(value))
const content = nasty.filter((value) => /[^ \t\n\r]/.test(value))

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/).filter((value) => value !== '__proto__' && value !== 'hasOwnProperty')
const qualified = fc.oneof(name, fc.tuple(name, name).map(([prefix, local]) => `${prefix}:${local}`))
const attributes = fc.dictionary(qualified, nasty, { maxKeys: 4, noNullPrototype: true })
const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5, withCrossShrink: true },
    fc.tuple(qualified, attributes, nasty).map(([tag, attrs, inside]) => el(tag, attrs, inside)),
    fc.tuple(qualified, attributes, fc.array(tie('tree'), { maxLength: 4 }), fc.option(content)).map(([tag, attrs, inside, tail]) =>
      el(tag, attrs, ...inside, tail)),
  ),
}))

describe('xml properties', () => {
  it('any tree comes back as it was, indented or not', () => {
    fc.assert(fc.property(tree, fc.integer({ min: 0, max: 4 }), (element, indent) => {
      expect(parse(serialize(element, { indent }))).to.deep.equal(element)
    }), { numRuns: 1000 })
  })

  it('writing is stable: what is read and written again is the same text', () => {
    fc.assert(fc.property(tree, (element) => {
      expect(serialize(parse(serialize(element)))).to.equal(serialize(element))
    }), { numRuns: 300 })
  })

  it('any text is either carried whole or refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => {
      if (forbidden.test(value)) expect(() => el('a', { b: value })).to.throw(UsageError)
      else expect(attr(parse(serialize(el('a', { b: value }))), 'b')).to.equal(value)
    }), { numRuns: 1000 })
  })

  it('any input to parse is read or refused as XML, and nothing else is thrown', () => {
    const token = fc.oneof(snippet, fc.constantFrom(
      '<a>', '</a>', '<b c="1">', '</b>', '<d/>', '<', '/>', '=', '"', '<?x y?>', '<!DOCTYPE a>'))
    fc.assert(fc.property(fc.array(token).map((tokens) => tokens.join('')), (xml) => {
      try {
        const element = parse(xml)
        expect(parse(serialize(element))).to.deep.equal(element)
      } catch (error) {
        expect(error).to.be.instanceOf(UsageError)
      }
    }), { numRuns: 3000 })
  })

  it('cut anywhere, a document is refused', () => {
    const whole = serialize(el('a', { b: 'x&y' }, el('c', {}, 'text & more'), el('d', {})))
    for (let length = 0; length < whole.length; length++) expect(() => parse(whole.slice(0, length))).to.throw(UsageError)
  })

  it('readers give back the names, paths and numbers that builders took', () => {
    const size = fc.integer({ min: 1, max: 2 ** 40 })
    fc.assert(fc.property(content, content, size, (label, file, KiB) => {
      const source = { type: 'file', path: file } as const
      const domain = readDomain(serialize(domainElement({
        name: label, title: file, description: label, metadata: { note: label },
        type: 'qemu', arch: 'x86_64', memory: KiB * 1024, vcpus: 3,
        disks: [{ source, device: 'disk', format: 'qcow2', bus: 'virtio' }], nics: [{ kind: 'network', source: label, model: 'virtio' }],
      })))
      expect(domain).to.include({ name: label, title: file, description: label, vcpus: 3 })
      expect(domain).to.include({ memory: KiB * 1024, maxMemory: KiB * 1024 })
      expect(domain.disks[0]).to.include({ path: file, target: 'vda', format: 'qcow2' })
      expect(domain.nics[0]).to.include({ source: label, type: 'network' })
      expect(domain.metadata).to.deep.equal({ note: label })
      expect(readNetwork(serialize(networkElement({ name: label, mode: 'nat', domain: file }))))
        .to.include({ name: label, domain: file, mode: 'nat' })
      expect(readPool(serialize(poolElement({ type: 'dir', name: label, path: file })))).to.include({ name: label, path: file, type: 'dir' })
      const volume = { name: label, capacity: KiB, format: 'raw', backing: { path: file, format: 'raw' } }
      expect(readVolume(serialize(volumeElement(volume)))).to.deep.include({ ...volume, allocation: 0 })
      const rule = { action: 'drop', direction: 'in', protocol: 'all', comment: label } as const
      expect(readFilter(serialize(filterElement({ name: label, rules: [rule] })))).to.deep.include({
        name: label, rules: [{ ...rule, priority: 500, statematch: true, attributes: {} }],
      })
    }), { numRuns: 300 })
  })
})
