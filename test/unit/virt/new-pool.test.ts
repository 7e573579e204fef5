import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { newPool, type PoolRequest } from '../../../src/virt/ops/new-pool.js'
import { poolTypes, poolTypeTable } from '../../../src/virt/ops/pool-types.js'
import { serialize } from '../../../src/xml/node.js'
import { poolElement, readPoolTypes } from '../../../src/xml/pool.js'

const name = 'p'
const iqn = 'iqn.2024-01.org.example:disks'
/** What each type needs, and no more. */
const least: Record<string, Omit<PoolRequest, 'name' | 'type'>> = {
  'dir': { path: '/srv' }, 'fs': { path: '/srv', sourceDevice: ['/dev/sdb'] }, 'netfs': { path: '/srv', sourceHost: ['nas'], sourceDir: '/export' },
  'logical': { sourceName: 'vg0' }, 'disk': { sourceDevice: ['/dev/sdb'] }, 'iscsi': { sourceHost: ['san'], sourceDevice: [iqn] },
  'iscsi-direct': { sourceHost: ['san'], sourceDevice: [iqn], initiator: 'iqn.2024-01.org.example:me' }, 'zfs': { sourceName: 'tank/vms' },
  'rbd': { sourceHost: ['mon'], sourceName: 'vms' }, 'gluster': { sourceHost: ['g1'], sourceName: 'vms' },
}

describe('a new pool', () => {
  it('of each type takes what it needs, and says which flag is missing and what for', () => {
    expect(Object.keys(least)).to.have.members(poolTypes)
    for (const [type, request] of Object.entries(least)) {
      expect(newPool({ name, type, ...request }).spec, type).to.include({ name, type })
      for (const missing of Object.keys(request)) {
        expect(() => newPool({ name, type, ...request, [missing]: undefined }), `${type} without ${missing}`)
          .to.throw(UsageError, new RegExp(`^a pool of type ${type} needs --[a-z-]+: [a-z]`))
      }
      if (!poolTypeTable[type]?.allows?.includes('authUser')) {
        expect(() => newPool({ name, type, ...request, authUser: 'me', authSecret: 's' }), type).to.throw(UsageError, 'has no --auth-user')
      }
    }
  })

  const fs = { type: 'fs', ...least['fs'] }
  const wrong: [what: string, request: Partial<PoolRequest> & { type: string }, says: RegExp][] = [
    ['two devices', { ...fs, sourceDevice: ['/dev/sdb', '/dev/sdc'] }, /has only one --source-device/],
    ['a relative device', { ...fs, sourceDevice: ['sdb'] }, /--source-device "sdb" is not absolute/],
    ['a format of another type', { ...fs, format: 'gpt' }, /has no format "gpt"/],
    ['a build without a format', { ...fs, build: 'keep' }, /--build needs --format/],
    ['a build of what cannot be built', { type: 'dir', path: '/srv', build: 'keep' }, /type dir has no --build/],
    ['ZFS over data', { type: 'zfs', sourceName: 'tank', sourceDevice: ['/dev/sdb'], build: 'overwrite' }, /type zfs has no --overwrite/],
    ['a build on nothing', { type: 'logical', sourceName: 'vg0', build: 'keep' }, /--build needs --source-device/],
    ['an option for a name', { type: 'logical', sourceName: '--force' }, /"--force" is no name of a volume group/],
    ['a target that is none', { type: 'iscsi', sourceHost: ['san'], sourceDevice: ['/dev/sdb'] }, /no name of an iSCSI target/],
    ['a host with an option', { type: 'rbd', sourceName: 'vms', sourceHost: ['-oProxyCommand=x'] }, /is no HOST or HOST:PORT/],
    ['a port that is none', { type: 'rbd', sourceName: 'vms', sourceHost: ['mon:70000'] }, /is no HOST or HOST:PORT/],
    ['a user without a secret', { type: 'rbd', ...least['rbd'], authUser: 'admin' }, /--auth-user needs --auth-secret/],
    ['a secret without a user', { type: 'rbd', ...least['rbd'], authSecret: 's' }, /--auth-secret needs --auth-user/],
    ['a relative folder', { type: 'netfs', path: '/srv', sourceHost: ['nas'], sourceDir: 'export' }, /--source-dir "export" is not absolute/],
  ]
  for (const [what, request, says] of wrong) {
    it(`refuses ${what}`, () => expect(() => newPool({ name, ...request })).to.throw(UsageError, says))
  }

  it('knows hosts with ports, and secrets by UUID or by use', () => {
    const { spec } = newPool({ name, type: 'rbd', sourceName: 'vms', sourceHost: ['mon1', '192.0.2.1:6789', '[2001:db8::1]:3300', '2001:db8::2'] })
    expect(spec.sourceHosts).to.deep.equal([
      { name: 'mon1' }, { name: '192.0.2.1', port: 6789 }, { name: '2001:db8::1', port: 3300 }, { name: '2001:db8::2' },
    ])
    const auth = (authSecret: string) => newPool({ name, type: 'iscsi', ...least['iscsi'], authUser: 'me', authSecret }).spec.auth
    expect(auth('san')).to.deep.equal({ type: 'chap', user: 'me', secret: { usage: 'san' } })
    expect(auth('6695eb01-f6a4-8304-79aa-97f2502e193f')).to.have.deep.property('secret', { uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f' })
    expect(serialize(poolElement(newPool({ name, type: 'disk', sourceDevice: ['/dev/./sdb'] }).spec)))
      .to.contain('<device path="/dev/sdb"/>').and.contain('<format type="gpt"/>').and.contain('<path>/dev</path>')
  })

  it('reads which types a host can have', () => {
    const xml = '<storagepoolCapabilities><pool type="dir" supported="yes"/><pool type="rbd" supported="no"/></storagepoolCapabilities>'
    expect([...readPoolTypes(xml)]).to.deep.equal(['dir'])
  })
})
