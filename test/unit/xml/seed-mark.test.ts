import { expect } from 'chai'
import { bayElement, readBay } from '../../../src/xml/metadata.js'
import { el, serialize } from '../../../src/xml/node.js'
import { putSeed, readSeedMark, writeSeedMark } from '../../../src/xml/seed-mark.js'

const disk = (source: Record<string, string>, dev: string, ...more: ReturnType<typeof el>[]) =>
  el('disk', { type: 'file', device: 'disk' }, el('source', source), el('target', { dev, bus: 'virtio' }), ...more)
const machine = (...disks: ReturnType<typeof el>[]) =>
  el('domain', { type: 'qemu' }, el('metadata', {}, bayElement({ profile: 'web' })), el('devices', {}, ...disks, el('rng', {})))

describe('a machine\'s seed in its document', () => {
  it('is marked with those before it, whatever their names, and all else that is known stays', () => {
    const root = machine()
    const mark = { seed: { pool: 'a b', volume: 'c "d".iso' }, before: [{ pool: 'p', volume: 'x y' }, { pool: 'q', volume: '&' }] }
    writeSeedMark(root, mark)
    expect(readSeedMark(readBay(root))).to.deep.equal(mark)
    expect(readBay(root)).to.include({ profile: 'web' })
    writeSeedMark(root, { seed: null, before: [] })
    expect(readBay(root)).to.deep.equal({ profile: 'web' })
    expect(readSeedMark(null)).to.deep.equal({ seed: null, before: [] })
  })

  it('takes the place of the old one, and leaves every other disk alone', () => {
    const [other, own] = [disk({ file: '/p/web-seed.iso' }, 'vda'), disk({ file: '/p/web-seed.iso' }, 'vdb', el('readonly', {}))]
    const before = serialize(other)
    putSeed(machine(other, own), { pool: 'p', volume: 'web-seed.iso' }, '/p/new.iso')
    expect(serialize(other)).to.equal(before)
    expect(serialize(own)).to.contain('<source file="/p/new.iso"/>').and.contain('<target dev="vdb"')
    const byName = disk({ pool: 'p', volume: 'web-seed.iso' }, 'vdb', el('readonly', {}))
    putSeed(machine(byName), { pool: 'p', volume: 'web-seed.iso' }, '/dev/vg/new')
    expect(serialize(byName)).to.contain('<source dev="/dev/vg/new"/>').and.match(/^<disk type="block"/)
  })

  it('gets a disk of its own where it has none: behind the others, under a free name, read-only', () => {
    const root = machine(disk({ file: '/p/web.img' }, 'vda'), disk({ file: '/p/more.img' }, 'vdc'))
    putSeed(root, { pool: 'p', volume: 'gone.iso' }, '/p/new.iso')
    const text = serialize(root)
    expect(text.match(/dev="vd."/g)).to.deep.equal(['dev="vda"', 'dev="vdc"', 'dev="vdb"'])
    expect(text).to.match(/<source file="\/p\/new.iso"\/>\s*<target dev="vdb" bus="virtio"\/>\s*<readonly\/>\s*<\/disk>\s*<rng\/>/)
  })
})
