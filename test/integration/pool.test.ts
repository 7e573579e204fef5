import { expect } from 'chai'
import { bay } from '../lab/bay.js'

const keys = ['name', 'uuid', 'state', 'persistent', 'autostart', 'type', 'path', 'capacity', 'allocation', 'available', 'volumes']

// Each run has libvirt's test host for itself, with one pool, `default-pool`, that is active and empty.
const pool = (...args: string[]) => bay(['-c', 'test:///default', 'pool', ...args])

describe('bay pool on the test host', function () {
  this.timeout(60_000)

  it('lists and shows with the keys of the contract', async () => {
    const [list, show, xml, stored] = await Promise.all([
      pool('list', '--json'), pool('show', 'default-pool', '--json'), pool('xml', 'default-pool'), pool('xml', 'default-pool', '--inactive'),
    ])
    expect((list.json() as object[])[0]).to.have.all.keys(keys)
    expect(show.json()).to.have.all.keys(keys)
    expect(show.json()).to.include({ name: 'default-pool', state: 'running', type: 'dir', path: '/default-pool', capacity: 100 * 2 ** 30, volumes: 0 })
    for (const { code, stdout } of [xml, stored]) expect({ code, xml: stdout.startsWith(`<pool type='dir'>`) }).to.deep.equal({ code: 0, xml: true })
  })

  it('creates one, with defaults that can be turned off', async () => {
    const [made, quiet, dry] = await Promise.all([
      pool('create', 'vms', '--path', '/srv/./vms//', '--json'),
      pool('create', 'vms', '--path', '/srv/vms', '--no-start', '--no-autostart', '--json'),
      pool('create', 'vms', '--path', '/srv/vms', '--dry-run'),
    ])
    expect(made.json()).to.include({ action: 'create', kind: 'pool', name: 'vms', changed: true, type: 'dir', path: '/srv/vms', active: true, autostart: true })
    expect(quiet.json()).to.include({ active: false, autostart: false })
    expect(dry.stdout).to.equal('pool vms (dry run): would be created (/srv/vms)\n')
  })

  it('leaves one of that name alone with --if-missing, and shares no folder', async () => {
    const [missing, exists, folder] = await Promise.all([
      pool('create', 'default-pool', '--path', '/srv/vms', '--if-missing', '--json'),
      pool('create', 'default-pool', '--path', '/srv/vms'), pool('create', 'vms', '--path', '/default-pool/'),
    ])
    expect(missing.json()).to.include({ name: 'default-pool', changed: false })
    expect([exists.code, folder.code]).to.deep.equal([5, 5])
    expect(folder.stderr).to.contain('the pool default-pool has the path /default-pool already')
  })

  it('does each verb once, and says so when there is nothing to do', async () => {
    const [start, stop, dry, on, off, refresh, gone] = await Promise.all([
      pool('start', 'default-pool', '--json'), pool('stop', '--all', '--json'), pool('delete', 'default-pool', '--dry-run'),
      pool('autostart', 'default-pool', '--json'), pool('autostart', '--off', 'default-pool'), pool('refresh', 'default-pool', '--json'),
      pool('delete', 'default-pool'),
    ])
    expect(start.json()).to.deep.equal({ action: 'start', kind: 'pool', name: 'default-pool', changed: false })
    expect(stop.json()).to.deep.equal([{ action: 'stop', kind: 'pool', name: 'default-pool', changed: true, usedBy: [] }])
    expect(dry.stdout).to.equal('pool default-pool (dry run): would be deleted; its files stay\n')
    expect(on.json()).to.include({ changed: true, autostart: true })
    expect(off.stdout).to.equal('pool default-pool: does not start with its host already\n')
    expect(refresh.json()).to.include({ changed: true, volumes: 0 })
    expect(gone.stdout).to.equal('pool default-pool: deleted; its files stay\n')
  })

  const bad: [what: string, args: string[], code: number, says: RegExp][] = [
    ['no path', ['vms'], 2, /needs --path/],
    ['a relative path', ['vms', '--path', 'srv/vms'], 2, /not absolute/],
    ['a path with a control character', ['vms', '--path', '/srv/\x07'], 2, /U\+0007/],
    ['a type that is unknown', ['vms', '--type', 'floppy'], 2, /dir, fs, netfs/],
    ['a type without its source', ['vms', '--type', 'netfs', '--path', '/mnt'], 2, /needs --source-host/],
    ['a source that the type has not', ['vms', '--path', '/srv', '--source-host', 'nas'], 2, /has no --source-host/],
    ['a name with a blank', ['v ms', '--path', '/srv'], 2, /has a blank/],
    ['a name of digits', ['12', '--path', '/srv'], 2, /only digits/],
    ['a name that leads out', ['../x', '--path', '/srv'], 2, /the character "\/"|begins with/],
    ['a name of markup', [`a&<"'b`, '--path', '/srv'], 2, /the character "&"/],
    ['a long name', ['n'.repeat(300), '--path', '/srv'], 2, /too long/],
  ]
  it(`refuses each of ${bad.length} that are wrong, and says why`, async () => {
    for (let at = 0; at < bad.length; at += 4) {
      await Promise.all(bad.slice(at, at + 4).map(async ([what, args, code, says]) => {
        const result = await pool('create', ...args)
        expect(result, what).to.include({ code, stdout: '' })
        expect(result.stderr, what).to.match(says).and.not.to.contain('internal error')
      }))
    }
  })

  it('takes the other types, with what each needs', async () => {
    const types = [
      ['netfs', '--path', '/mnt', '--source-host', 'nas', '--source-dir', '/export', '--format', 'nfs'], ['fs', '--path', '/mnt', '--source-device', '/dev/sdb1'],
      ['logical', '--source-name', 'vg0'], ['disk', '--source-device', '/dev/sdb'], ['iscsi', '--source-host', 'san', '--source-device', 'iqn.2024-01.org.example:x'],
    ]
    const results = await Promise.all(types.map(([type = '', ...more]) => pool('create', 'more', '--type', type, ...more, '--json')))
    expect(results.map(({ code, stderr }) => ({ code, stderr }))).to.deep.equal(types.map(() => ({ code: 0, stderr: '' })))
    expect(results.map((result) => (result.json() as { path: string }).path)).to.deep.equal(['/mnt', '/mnt', '/dev/vg0', '/dev', '/dev/disk/by-path'])
  })

  it('tells what does not exist', async () => {
    const results = await Promise.all([pool('show', 'default'), pool('delete', 'no*'), pool('refresh', 'nope'), pool('start')])
    expect(results.map(({ code }) => code)).to.deep.equal([4, 4, 4, 2])
    expect(results[0].stderr).to.contain('there is no pool named default').and.to.contain('bay pool list')
  })
})
