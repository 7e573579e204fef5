import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { UsageError } from '../../../src/errors.js'
import { serialize } from '../../../src/xml/node.js'
import { poolElement, readPool } from '../../../src/xml/pool.js'
import { textOf, path } from '../../../src/xml/tree.js'
import { readVolume, volumeElement } from '../../../src/xml/volume.js'

const dump = (name: string) => readFileSync(new URL(`../../fixtures/xml/libvirt/${name}.xml`, import.meta.url), 'utf8')

describe('xml pool', () => {
  it('gives back what was built', () => {
    const pool = poolElement({
      type: 'netfs', name: 'nfs', path: '/mnt', sourceHosts: [{ name: 'nas' }], sourceDir: '/export', sourceDevices: ['/dev/a', '/dev/b'], sourceName: 'vg', format: 'nfs',
    })
    expect(readPool(serialize(pool))).to.deep.equal({
      name: 'nfs', uuid: null, type: 'netfs', path: '/mnt', capacity: null, allocation: null, available: null,
      source: { hosts: ['nas'], dir: '/export', devices: ['/dev/a', '/dev/b'], name: 'vg', format: 'nfs' },
    })
  })

  it('reads what libvirt writes', () => {
    expect(readPool(dump('pool-dir'))).to.deep.equal({
      name: 'p', uuid: '91925bb4-1e74-41c5-a528-5dac73ff60fa', type: 'dir', path: '/srv/images',
      source: { hosts: [], dir: null, devices: [], name: null, format: null },
      capacity: 270553174016, allocation: 23627546624, available: 246925627392,
    })
    expect(readPool('<pool/>')).to.include({ name: '', type: '', path: null })
  })
})

describe('xml volume', () => {
  it('makes qcow2 of today and raw that is not filled', () => {
    const compat = (format: string) => textOf(path(volumeElement({ name: 'v', capacity: 1, format }), 'target/compat'))
    expect([compat('qcow2'), compat('raw')]).to.deep.equal(['1.1', undefined])
    const allocation = (format: string, given?: number) => readVolume(serialize(volumeElement({ name: 'v', capacity: 9, format, allocation: given }))).allocation
    expect([allocation('raw'), allocation('raw', 9), allocation('qcow2'), allocation('qcow2', 0)]).to.deep.equal([0, 9, null, 0])
  })

  it('refuses sizes that are none', () => {
    for (const capacity of [-1, 0.5, NaN, 2 ** 60]) expect(() => volumeElement({ name: 'v', capacity, format: 'raw' })).to.throw(UsageError, 'the capacity must be')
    expect(() => volumeElement({ name: 'v', capacity: 1, allocation: -1, format: 'raw' })).to.throw(UsageError, 'the allocation must be')
  })

  it('reads what libvirt writes', () => {
    expect(readVolume(dump('volume-layer'))).to.deep.equal({
      name: 'l.qcow2', key: '/srv/images/l.qcow2', path: '/srv/images/l.qcow2', type: 'file', format: 'qcow2',
      capacity: 20 * 2 ** 30, allocation: 200704, physical: 196928, backing: { path: '/srv/images/a.qcow2', format: 'qcow2' },
      modified: 1795404328943.2993, encryption: null,
    })
    expect(readVolume(dump('volume-raw'))).to.deep.include({ name: 'sparse.raw', format: 'raw', backing: null, capacity: 2 ** 20 })
    expect(readVolume('<volume><backingStore/></volume>')).to.include({ name: '', backing: null, capacity: null })
  })
})
