import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from '../../src/virt/connection.js'
import { createVolume } from '../../src/virt/ops/create-volume.js'
import { deleteVolume } from '../../src/virt/ops/delete-volume.js'
import { deletableVolumes, VolumeUse } from '../../src/virt/ops/volume-use.js'
import { bay } from '../lab/bay.js'

const keys = ['pool', 'name', 'path', 'type', 'format', 'capacity', 'allocation', 'backing']

// A test host with some volumes and a machine that uses two of them, one by its file and one by its pool.
const state = `<node>
  <pool type='dir'><name>vms</name><target><path>/vms</path></target>
    <volume><name>a.b.qcow2</name><capacity>2048</capacity><target><format type='qcow2'/></target></volume>
    <volume><name>web-1</name><capacity>1024</capacity></volume>
    <volume><name>web-2</name><capacity>1024</capacity></volume>
    <volume><name>v&amp;&lt;"'w</name><capacity>1024</capacity></volume>
  </pool>
  <domain type='test'><name>web</name><memory>1024</memory><os><type>hvm</type></os><devices>
    <disk type='file'><source file='/vms/web-1'/><target dev='vda'/></disk>
    <disk type='volume'><source pool='vms' volume='web-2'/><target dev='vdb'/></disk>
  </devices></domain></node>`

describe('bay vol on a test host', function () {
  this.timeout(60_000)
  let folder: string
  let uri: string
  const vol = (...args: string[]) => bay(['-c', uri, 'vol', ...args])

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-vol-'))
    uri = `test://${join(folder, 'host.xml')}`
    writeFileSync(join(folder, 'host.xml'), state)
  })
  after(() => rmSync(folder, { recursive: true }))

  it('lists and shows with the keys of the contract', async () => {
    const [list, one, show, names, path, xml, none] = await Promise.all([
      vol('list', '--json'), vol('list', 'vm*', '--filter', 'name=web-1', '-o', 'csv', '--no-headers'), vol('show', 'vms/web-1', '--json'),
      vol('list', '-q'), vol('path', 'vms/a.b.qcow2'), vol('xml', 'vms/web-1'), vol('list', 'nope'),
    ])
    const rows = list.json() as object[]
    expect(rows).to.have.length(4)
    for (const row of rows) expect(row).to.have.all.keys(keys)
    expect(show.json()).to.have.all.keys([...keys, 'usedBy', 'layers', 'encryption'])
    expect(show.json()).to.deep.include({ pool: 'vms', name: 'web-1', path: '/vms/web-1', type: 'file', capacity: 1024, backing: null, usedBy: ['web'], layers: [] })
    expect(one.stdout).to.match(/^vms,web-1,raw,1024,/)
    expect(names.stdout.split('\n')).to.include.members(['vms/a.b.qcow2', `vms/v&<"'w`])
    expect(path.stdout).to.equal('/vms/a.b.qcow2\n')
    expect(xml.stdout).to.match(/^<volume/)
    expect(none).to.include({ code: 4 })
  })

  it('creates one, and leaves one of that name alone with --if-missing', async () => {
    const [made, dry, missing, exists] = await Promise.all([
      vol('create', 'vms/new.img', '--size', '1.5GiB', '--format', 'raw', '--json'), vol('create', 'vms/new.img', '--size', '20G', '--dry-run'),
      vol('create', 'vms/web-1', '--size', '1G', '--if-missing', '--json'), vol('create', 'vms/web-1', '--size', '1G'),
    ])
    expect(made.json()).to.deep.equal({
      action: 'create', kind: 'vol', name: 'vms/new.img', changed: true, format: 'raw', capacity: 1.5 * 2 ** 30, backing: null, path: '/vms/new.img', encryption: null,
    })
    expect(dry.stdout).to.equal('vol vms/new.img (dry run): would be created (20G, qcow2)\n')
    expect(missing.json()).to.deep.equal({ action: 'create', kind: 'vol', name: 'vms/web-1', changed: false })
    expect(exists).to.include({ code: 5 })
  })

  const bad: [what: string, args: string[], code: number, says: RegExp][] = [
    ['a size without unit', ['vms/x', '--size', '20'], 2, /^bay: --size "20" has no unit \(|^bay: --size "20" has no unit\n/],
    ['a size of nothing', ['vms/x', '--size', '0G'], 2, /more than zero/],
    ['a size below nothing', ['vms/x', '--size=-1G'], 2, /more than zero/],
    ['a huge size', ['vms/x', '--size', '9E'], 2, /too large/],
    ['a huge number', ['vms/x', '--size', '99999999999999999999G'], 2, /too large/],
    ['no size', ['vms/x'], 2, /the size is missing/],
    ['no pool', ['x', '--size', '1G'], 2, /POOL\/NAME/],
    ['an empty name', ['vms/', '--size', '1G'], 2, /POOL\/NAME/],
    ['a blank', ['vms/a b', '--size', '1G'], 2, /has a blank/],
    ['a control character', ['vms/a\tb', '--size', '1G'], 2, /U\+0009/],
    ['a way out', ['vms/../x', '--size', '1G'], 2, /"\/"/],
    ['markup', [`vms/a&<"'b`, '--size', '1G'], 2, /"&"/],
    ['only digits', ['vms/12', '--size', '1G'], 2, /only digits/],
    ['300 characters', [`vms/${'n'.repeat(300)}`, '--size', '1G'], 2, /too long/],
    ['a pool that is not there', ['vmss/x', '--size', '1G'], 4, /did you mean vms\?/],
    ['a backing that is not there', ['vms/x', '--backing', 'vms/web-3'], 4, /did you mean vms\/web-/],
    ['a raw layer', ['vms/x', '--backing', 'vms/web-1', '--format', 'raw'], 2, /must be qcow2/],
    ['a layer that cuts', ['vms/x', '--backing', 'vms/a.b.qcow2', '--size', '1K'], 2, /cut off/],
    ['a format of another world', ['vms/x', '--size', '1G', '--format', 'vmdk'], 2, /qcow2, raw/],
  ]
  it(`refuses each of ${bad.length} that are wrong, and says why`, async () => {
    for (let at = 0; at < bad.length; at += 4) {
      await Promise.all(bad.slice(at, at + 4).map(async ([what, args, code, says]) => {
        const result = await vol('create', ...args)
        expect(result, what).to.include({ code, stdout: '' })
        expect(result.stderr, what).to.match(says).and.not.to.contain('internal error').and.not.to.contain('\\n')
      }))
    }
  })

  it('deletes what nobody needs, and asks first', async () => {
    const [asked, one, glob, odd, gone, dry] = await Promise.all([
      vol('delete', 'vms/a.b.qcow2'), vol('delete', '--yes', 'vms/a.b.qcow2', '--json'), vol('delete', '--yes', 'vms/*', '--json'),
      vol('delete', '-y', `vms/v&<"'w`), vol('delete', '-y', 'vms/nope'), vol('delete', '--dry-run', '--all', '-q'),
    ])
    expect(asked).to.include({ code: 2 })
    expect(asked.stderr).to.contain('not confirmed').and.to.contain('--yes')
    expect(one.json()).to.deep.equal({ action: 'delete', kind: 'vol', name: 'vms/a.b.qcow2', changed: true, path: '/vms/a.b.qcow2' })
    expect(glob).to.include({ code: 7 })
    expect((glob.json() as { name: string, changed: boolean }[]).map(({ name, changed }) => `${name} ${changed}`)).to.have.members([
      'vms/a.b.qcow2 true', `vms/v&<"'w true`, 'vms/web-1 false', 'vms/web-2 false',
    ])
    expect([odd.code, gone.code, dry.code]).to.deep.equal([0, 4, 7])
    expect(dry.stderr).to.contain('machines use the volume vms/web-1: web').and.to.contain('machines use the volume vms/web-2: web')
  })
})

describe('volumes, made and deleted on the test host', () => {
  it('knows a chain of layers: its machines, and its order', async () => {
    using host = await Connection.open('test:///default')
    using pool = host.pool('default-pool')
    await createVolume(host, pool, { name: 'base', size: 2 ** 20, format: 'qcow2' }, null, { dryRun: false })
    using base = pool.volume('base')
    await createVolume(host, pool, { name: 'layer' }, base, { dryRun: false })
    using layer = pool.volume('layer')
    await createVolume(host, pool, { name: 'top' }, layer, { dryRun: false })
    expect(deletableVolumes(host)).to.deep.equal(['default-pool/top', 'default-pool/layer', 'default-pool/base'])
    using machine = host.defineDomain(`<domain type='test'><name>web</name><memory>1024</memory><os><type>hvm</type></os><devices>
      <disk type='file' device='disk'><source file='/default-pool/layer'/><target dev='vda'/></disk></devices></domain>`)
    const [basePlace, topPlace] = ['base', 'top'].map((name) => ({ pool: 'default-pool', name, path: `/default-pool/${name}` }))
    const use = VolumeUse.read(host)
    expect(basePlace && use.machinesOn(basePlace)).to.deep.equal(['web'])
    expect(topPlace && use.machinesOn(topPlace)).to.deep.equal([])
    machine.undefine(0)
    const refused = basePlace && await deleteVolume(host, base, basePlace, VolumeUse.read(host), { dryRun: false })
      .catch((error: unknown) => error)
    expect(refused).to.include({ code: 'wrong-state', message: 'volumes are layers over default-pool/base: default-pool/layer' })
    expect(pool.volumeCount()).to.equal(3)
  })
})
