import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../src/errors.js'
import { checkMemory, parseDisk, parseNics, sourceFrom } from '../../src/vm-flags.js'

const GiB = 2 ** 30
const none = { format: undefined, bus: undefined, pool: undefined }

describe('--disk', () => {
  it('is a size, and what else was said', () => {
    expect(parseDisk('20G')).to.deep.equal({ ...none, size: 20 * GiB })
    expect(parseDisk('1.5GiB,pool=fast,format=raw,bus=sata')).to.deep.equal({ size: 1.5 * GiB, pool: 'fast', format: 'raw', bus: 'sata' })
    expect(parseDisk('20G,bus=virtio,pool=a=b')).to.deep.equal({ ...none, size: 20 * GiB, bus: 'virtio', pool: 'a=b' })
    for (const bus of ['virtio', 'sata', 'scsi', 'usb', 'ide']) expect(parseDisk(`1G,bus=${bus}`).bus).to.equal(bus)
    for (const format of ['qcow2', 'raw']) expect(parseDisk(`1G,format=${format}`).format).to.equal(format)
  })

  it('is rounded up to whole sectors', () => {
    expect(parseDisk('1B').size).to.equal(512)
    expect(parseDisk('513B').size).to.equal(1024)
    expect(parseDisk('1kB').size).to.equal(1024)
    expect(parseDisk('2GB').size).to.equal(2_000_000_000)
    expect(parseDisk('2048T').size).to.equal(2 ** 51)
  })

  const refused: Record<string, RegExp> = {
    '': /--disk/, '20': /no unit/, '-1G': /more than zero/, '0G': /more than zero/, '20X': /not a size/, 'G': /not a size/, '1e9G': /not a size/,
    '2049T': /more than a disk can have/, '9000P': /too large|more than a disk/, '20G,': /what is ""/, ',pool=a': /--disk/,
    '20G,pool': /what is "pool"/, '20G,pool=': /what is "pool="/, '20G,Pool=a': /what is "Pool=a"/, '20G,=a': /what is "=a"/,
    '20G,cache=none': /what is "cache=none"/, '20G,pool=a,pool=b': /given twice/, '20G,format=vmdk': /format is one of qcow2, raw, not vmdk/,
    '20G,bus=floppy': /bus is one of .*ide, not floppy/, '20G 10G': /not a size/, '20G,20G': /what is "20G"/, '0x10G': /not a size/,
    '20G,__proto__=x': /what is "__proto__=x"/, '20G,format=toString': /format is one of/,
  }
  for (const [text, wrong] of Object.entries(refused)) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => parseDisk(text)).to.throw(UsageError, wrong))
  }

  it('gives whole sectors within bounds, or a UsageError; nothing else', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('20G', 'pool=a', 'bus=virtio', 'format=raw', 'format=', '=', 'x=y'))
    fc.assert(fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const text = parts.join(',')
      try {
        const { size, format, bus } = parseDisk(text)
        expect(Number.isSafeInteger(size) && size > 0 && size <= 2 ** 51 && size % 512 === 0, text).to.equal(true)
        expect(['qcow2', 'raw', undefined]).to.include(format)
        expect(['virtio', 'sata', 'scsi', 'usb', 'ide', undefined]).to.include(bus)
      } catch (error) {
        expect(error, text).to.be.instanceOf(UsageError)
      }
    }))
  })

  it('says back every size that it takes', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 20 }), fc.constantFrom('M', 'G'), (number, unit) => {
      expect(parseDisk(`${number}${unit}`).size).to.equal(number * (unit === 'M' ? 2 ** 20 : GiB))
    }))
  })
})

describe('--memory', () => {
  it('is rounded up to whole MiB', () => {
    expect(checkMemory(GiB)).to.equal(GiB)
    expect(checkMemory(2_000_000_000)).to.equal(2_000_683_008)
    expect(checkMemory(2 ** 20)).to.equal(2 ** 20)
    expect(checkMemory(64 * 2 ** 40)).to.equal(64 * 2 ** 40)
  })

  it('has bounds', () => {
    for (const bytes of [0, 1, 2 ** 20 - 1, 64 * 2 ** 40 + 1, 2 ** 53, -1]) expect(() => checkMemory(bytes), `${bytes}`).to.throw(UsageError, '--memory')
  })

  it('is never less than was asked for, and never more by a MiB', () => {
    fc.assert(fc.property(fc.integer({ min: 2 ** 20, max: 2 ** 46 }), (bytes) => {
      const memory = checkMemory(bytes)
      expect(memory % 2 ** 20 === 0 && memory >= bytes && memory - bytes < 2 ** 20).to.equal(true)
    }))
  })
})

describe('--network', () => {
  it('is the network default when nothing is said', () => {
    expect(parseNics(undefined, {})).to.deep.equal([{ kind: 'network', source: 'default', filter: undefined }])
  })

  it('is a network, a bridge, user, or none', () => {
    expect(parseNics(['lan', 'bridge=br0', 'user', 'lan'], { filter: 'clean-traffic' })).to.deep.equal([
      { kind: 'network', source: 'lan', filter: 'clean-traffic' }, { kind: 'bridge', source: 'br0', filter: 'clean-traffic' },
      { kind: 'user', filter: 'clean-traffic' }, { kind: 'network', source: 'lan', filter: 'clean-traffic' },
    ])
    expect(parseNics(['none'], {})).to.deep.equal([])
    expect(parseNics([], {})).to.deep.equal([])
  })

  it('refuses what is none of them', () => {
    expect(() => parseNics(['none', 'lan'], {})).to.throw(UsageError, 'excludes')
    expect(() => parseNics([''], {})).to.throw(UsageError, 'no value')
    for (const bridge of ['', 'a b', '../x', 'sixteen-letters-', 'br/0', 'lo']) {
      expect(() => parseNics([`bridge=${bridge}`], {}), bridge).to.throw(UsageError, 'bridge name')
    }
  })

  it('takes a MAC address for the first interface', () => {
    expect(parseNics(['a', 'b'], { mac: '52:54:00:AB:CD:EF' })).to.deep.equal([
      { kind: 'network', source: 'a', filter: undefined, mac: '52:54:00:ab:cd:ef' }, { kind: 'network', source: 'b', filter: undefined },
    ])
    expect(() => parseNics(['none'], { mac: '52:54:00:00:00:01' })).to.throw(UsageError, 'needs a network interface')
  })

  for (const mac of ['', '52:54:00:00:00', '52-54-00-00-00-01', '525400000001', '52:54:00:00:00:0g', '53:54:00:00:00:01', 'ff:ff:ff:ff:ff:ff',
    '01:00:5e:00:00:01', '00:00:00:00:00:00', ' 52:54:00:00:00:01', '52:54:00:00:00:01\n', '52:54:00:00:00:01:02']) {
    it(`refuses the MAC address ${JSON.stringify(mac)}`, () => expect(() => parseNics(['a'], { mac })).to.throw(UsageError, '--mac'))
  }
})

describe('what a machine boots from', () => {
  const nothing = { linked: false, empty: false }

  it('is a kernel, a disc, an image or nothing', () => {
    expect(sourceFrom({ ...nothing, kernel: '/k', initrd: '/i', cmdline: 'c' })).to.deep.equal({ kind: 'kernel', kernel: '/k', initrd: '/i', cmdline: 'c' })
    expect(sourceFrom({ ...nothing, iso: '/x.iso' })).to.deep.equal({ kind: 'iso', iso: '/x.iso' })
    expect(sourceFrom({ ...nothing, image: 'a', linked: true })).to.deep.equal({ kind: 'image', image: 'a', linked: true })
    expect(sourceFrom({ ...nothing, empty: true })).to.deep.equal({ kind: 'empty' })
  })

  it('must be said', () => {
    expect(() => sourceFrom(nothing)).to.throw(UsageError, 'nothing to boot from').with.property('hints').that.includes('--image FILE, --iso FILE, --kernel FILE, or --empty')
  })
})
