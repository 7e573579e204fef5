import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { garbageFilters } from '../../../src/virt/ops/gc-filters.js'
import { inOrder } from '../../../src/virt/ops/gc-delete.js'
import { backingFile, canonical } from '../../../src/virt/ops/gc-layers.js'
import type { MachinesUse } from '../../../src/virt/ops/gc-machines.js'
import { garbageNvram, nvramFiles } from '../../../src/virt/ops/gc-nvram.js'
import { reach } from '../../../src/virt/ops/gc-reach.js'
import type { StoredVolume } from '../../../src/virt/ops/gc-store.js'
import { garbageVolumes } from '../../../src/virt/ops/gc-volumes.js'
import { readMentions } from '../../../src/xml/mentions.js'

const volume = (name: string, more: Partial<StoredVolume> = {}): StoredVolume => ({
  pool: 'p', poolUuid: 'u', name, path: `/p/${name}`, place: `/p/${name}`, type: 'file', format: 'qcow2', allocation: 1,
  below: null, modified: 0, ...more,
})
const use = (more: Partial<Record<'names' | 'loose' | 'paths' | 'volumes' | 'filters', string[]>> = {}): MachinesUse => ({
  macs: new Set(), unread: [],
  names: new Set(more.names), loose: new Set(more.loose), paths: new Set(more.paths), volumes: new Set(more.volumes),
  filters: new Set(more.filters),
})
const far = { ownHost: false, keep: () => false }

describe('what a document mentions', () => {
  it('is every path, volume, MAC address and filter, wherever it is', () => {
    const xml = `<domainsnapshot><memory file='/m'/><domain><os><nvram> /n </nvram><kernel><![CDATA[/k]]></kernel></os><devices>
      <disk><source file='/d'><reservations><source path='/r'/></reservations></source><backingStore><source dev='/b'/></backingStore></disk>
      <disk type='volume'><source pool='a' volume='b'/></disk>
      <interface><mac address='52:54:00:AA:00:01'/><filterref filter='f'/></interface></devices></domain></domainsnapshot>`
    const found = readMentions(xml)
    expect([found.paths, found.volumes, found.macs, found.filters].map((set) => [...set].sort())).to.deep.equal([
      ['/b', '/d', '/k', '/m', '/n', '/r'], ['a/b'], ['52:54:00:aa:00:01'], ['f'],
    ])
  })
})

describe('the volumes that nobody reaches', () => {
  const volumes = [
    volume('base'), volume('middle', { below: '/p/base' }), volume('top', { below: '/p/middle' }),
    volume('old-base'), volume('old-top', { below: '/p/old-base' }), volume('named'),
  ]
  const names = (found: ReadonlySet<StoredVolume>) => [...found].map(({ name }) => name).sort()

  it('are all but those that machines name, and what these lie on', () => {
    const { used, doubts } = reach({ volumes, stopped: [] }, use({ paths: ['/p/./top', '/srv/x.iso'], volumes: ['p/named'] }), far)
    expect(names(used)).to.deep.equal(['base', 'middle', 'named', 'top'])
    expect(doubts).to.deep.equal([])
  })

  it('may be more than are known of, where a pool is stopped or a disk is outside', () => {
    const { doubts } = reach({ volumes, stopped: ['cold'] }, use({ paths: ['/srv/a.qcow2'], loose: ['/srv/a.qcow2'] }), far)
    expect(doubts).to.have.length(2)
    expect(doubts[0]).to.contain('bay pool start cold')
    expect(doubts[1]).to.contain('/srv/a.qcow2')
  })

  it('of another host are not those that may be meant by another way to them', () => {
    expect(names(reach({ volumes, stopped: [] }, use({ paths: ['/link/old-base'] }), far).used)).to.deep.equal(['old-base'])
  })

  it('are seeds, images that were cut, or just volumes; what waits to be used is not listed', () => {
    const store = { stopped: [], volumes: [
      ...volumes, volume('web-seed.iso', { format: 'iso' }), volume('gone-seed.iso', { format: 'raw' }),
      volume('huge-seed.iso', { format: 'raw', allocation: 2 ** 30 }),
      volume('image-a.qcow2'), volume('image-b.qcow2', { format: 'raw' }), volume('disc.iso', { format: 'iso' }), volume('folder', { type: 'dir' }), volume('made'),
    ] }
    const items = garbageVolumes({ store, used: new Set(volumes.slice(0, 3)), journaled: new Set(['u/made']), use: use({ names: ['web'] }) })
    expect(items.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal([
      'volume p/old-base', 'volume p/old-top', 'volume p/named', 'seed p/gone-seed.iso', 'volume p/huge-seed.iso', 'image p/image-b.qcow2',
    ])
    expect(inOrder(items).map(({ name }) => name).slice(0, 2)).to.deep.equal(['p/old-top', 'p/old-base'])
    expect(items[3]).to.deep.include({ locks: [['vm', 'gone'], ['vol', 'p/gone-seed.iso']] })
  })

  describe('on our own host', () => {
    let folder: string
    beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'bay-gc-')) })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))
    const layer = (name: string, over: string) => {
      const header = Buffer.alloc(512)
      header.write('QFI\xfb', 'latin1')
      header.writeBigUInt64BE(200n, 8)
      header.writeUInt32BE(Buffer.byteLength(over), 16)
      header.write(over, 200)
      writeFileSync(join(folder, name), header)
      return join(folder, name)
    }

    it('are not those that a file outside of the pools lies on, nor those behind a link', () => {
      const base = join(folder, 'base.img')
      writeFileSync(base, 'x')
      symlinkSync(base, join(folder, 'link.img'))
      const top = layer('top.qcow2', 'link.img')
      const stored = volume('base.img', { path: base, place: canonical(base, { ownHost: true }) })
      const disk = use({ paths: [top], loose: [top] })
      const found = reach({ volumes: [stored], stopped: [] }, disk, { ownHost: true, keep: () => false })
      expect([...found.used]).to.deep.equal([stored])
      expect(found.doubts).to.deep.equal([])
    })

    it('are in doubt where a layer cannot be read or followed', () => {
      const odd = layer('odd.qcow2', 'nbd://x/y')
      const none = join(folder, 'none.qcow2')
      const disks = use({ paths: [odd, none], loose: [odd, none] })
      const { doubts } = reach({ volumes: [], stopped: [] }, disks, { ownHost: true, keep: () => false })
      expect(doubts).to.have.length(2)
      expect(backingFile(layer('a.qcow2', 'file:/x/y'))).to.equal('/x/y')
      writeFileSync(join(folder, 'raw'), 'short')
      expect(backingFile(join(folder, 'raw'))).to.equal(null)
    })

    it('NVRAM is garbage when its machine is gone and nobody names it; links and other files are not looked at', () => {
      for (const name of ['a_VARS.fd', 'b_VARS.qcow2', 'c_VARS.fd', 'notes.txt']) writeFileSync(join(folder, name), '')
      symlinkSync(join(folder, 'notes.txt'), join(folder, 'd_VARS.fd'))
      const items = garbageNvram(nvramFiles(folder), use({ names: ['a'], paths: [join(folder, 'b_VARS.qcow2')] }))
      expect(items.map(({ name, path }) => [name, path])).to.deep.equal([['c', join(folder, 'c_VARS.fd')]])
      expect(nvramFiles(join(folder, 'none'))).to.deep.equal([])
    })
  })
})

describe('the filters that nobody uses', () => {
  const row = (name: string, ...includes: string[]) => ({
    name, uuid: name, chain: 'root', priority: null, references: includes.map((filter) => ({ filter, parameters: [] })),
  })

  it('are none of libvirt\'s own, none in force, none that a used one includes', () => {
    const ours = [row('web', 'group'), row('group'), row('bound'), row('old', 'deep'), row('deep')]
    const rows = [row('clean-traffic', 'no-mac-spoofing'), row('no-mac-spoofing'), ...ours]
    const items = garbageFilters({ rows, bound: new Set(['bound']) }, use({ filters: ['web'] }))
    expect(items.map(({ name }) => name)).to.deep.equal(['old', 'deep'])
    expect(inOrder(items.reverse()).map(({ name }) => name)).to.deep.equal(['old', 'deep'])
  })
})
