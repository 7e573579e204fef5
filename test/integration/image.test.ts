import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { bay, type BayResult } from '../lab/bay.js'
import { FileServer } from '../lab/file-server.js'
import { SandboxHost } from './sandbox-host.js'

const GiB = 2 ** 30
const keys = ['name', 'pool', 'volume', 'state', 'format', 'capacity', 'allocation', 'path', 'usedBy']

// Names, lists and refusals, on the embedded host: it keeps no content of volumes.
describe('bay image on the embedded host', function () {
  this.timeout(60_000)
  let host: SandboxHost
  let folder: string
  let file: string
  const on = (...args: string[]) => bay(['-c', host.uri, ...args], { env: { XDG_CACHE_HOME: join(folder, 'cache') } })
  const image = (...args: string[]) => on('image', ...args)
  const does = async (...args: string[]): Promise<BayResult> => {
    const done = await on(...args)
    expect(done.code, done.stderr).to.equal(0)
    return done
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-image-'))
    file = join(folder, 'disk.img')
    writeFileSync(file, Buffer.alloc(4096, 7))
  })
  after(() => rmSync(folder, { recursive: true }))
  beforeEach(async () => {
    host = new SandboxHost()
    await does('vol', 'create', 'default/image-deb.qcow2', '--size', '2G')
    await does('vol', 'create', 'default/other.qcow2', '--size', '1G')
  })
  afterEach(() => host[Symbol.dispose]())

  it('lists them with the keys of the contract, and what lies over them', async () => {
    await does('vol', 'create', 'default/web.qcow2', '--backing', 'default/image-deb.qcow2')
    await does('vol', 'create', 'default/image-a-raw.one.img', '--size', '1G', '--format', 'raw')
    const rows = (await image('list', '--json')).json() as object[]
    for (const row of rows) expect(row).to.have.all.keys(keys)
    expect(rows).to.have.length(2)
    expect(rows[0]).to.deep.include({ name: 'a-raw.one', pool: 'default', volume: 'image-a-raw.one.img', state: 'ready', format: 'raw', capacity: GiB, usedBy: [] })
    expect(rows[1]).to.deep.include({ name: 'deb', format: 'qcow2', capacity: 2 * GiB, usedBy: ['default/web.qcow2'] })
    expect((await image('list', '-q')).stdout).to.equal('a-raw.one\ndeb\n')
    expect((await image('list')).stdout).to.match(/^NAME +POOL +STATE +FORMAT +CAPACITY +ALLOCATION +USED-BY\n.*\ndeb +default +ready +qcow2 +2G +\S+ +1\n$/)
  })

  it('deletes them, but not while a layer lies over one', async () => {
    await does('vol', 'create', 'default/web.qcow2', '--backing', 'default/image-deb.qcow2')
    const refused = await image('delete', '--yes', 'deb')
    expect(refused.code).to.equal(5)
    expect(refused.stderr).to.contain('default/web.qcow2')
    await does('vol', 'delete', '--yes', 'default/web.qcow2')
    expect((await image('delete', 'deb')).stderr).to.match(/^bay: not confirmed: delete deb\?/)
    expect((await image('delete', '--yes', '--dry-run', '--all')).stdout).to.equal('image deb (dry run): would be deleted\n')
    expect((await image('delete', '--yes', 'd*', '--json')).json()).to.deep.equal([{
      action: 'delete', kind: 'image', name: 'deb', changed: true, pool: 'default', volume: 'image-deb.qcow2', path: '/var/lib/libvirt/images/image-deb.qcow2',
    }])
    expect((await on('vol', 'list', '-q')).stdout).to.equal('default/other.qcow2\n')
    const gone = await image('delete', '--yes', 'deb')
    expect(gone).to.include({ code: 4 })
    expect(gone.stderr).to.match(/no image named deb .*\n {2}try: add one: bay image add/)
  })

  it('the same name in two pools: which is meant must be said', async () => {
    await does('pool', 'create', 'fast', '--path', '/fast')
    await does('vol', 'create', 'fast/image-deb.qcow2', '--size', '1G')
    const which = await image('delete', '--yes', 'deb')
    expect(which.code).to.equal(2)
    expect(which.stderr).to.match(/several pools .*\n {2}try: say which: default\/deb or fast\/deb\n/)
    expect((await image('delete', '--yes', '--all', '--dry-run', '--json')).json()).to.have.length(2)
    await does('image', 'delete', '--yes', 'fast/deb')
    expect((await on('vol', 'list', '-q')).stdout).to.equal('default/image-deb.qcow2\ndefault/other.qcow2\n')
  })

  it('vm create --image finds them by name, in the pool of the disk first; a file of that name comes before', async () => {
    const plan = async (...args: string[]) => {
      const done = await on('vm', 'create', 'm', '--network', 'none', '--dry-run', '--json', ...args)
      expect(done.code, done.stderr).to.equal(0)
      return (done.json() as { disks: { image: { path: string } }[] }).disks[0]?.image
    }
    await does('pool', 'create', 'fast', '--path', '/fast')
    await does('vol', 'create', 'fast/image-deb.qcow2', '--size', '1G')
    expect(await plan('--image', 'deb')).to.include({ from: 'volume', format: 'qcow2', path: '/var/lib/libvirt/images/image-deb.qcow2' })
    expect(await plan('--image', 'deb', '--linked', '--disk', '4G,pool=fast')).to.include({ linked: true, path: '/fast/image-deb.qcow2' })
    expect(await plan('--image', 'fast/deb')).to.include({ path: '/fast/image-deb.qcow2' })
    expect(await plan('--image', file)).to.include({ from: 'file' })
    const none = await on('vm', 'create', 'm', '--image', 'dbe', '--network', 'none')
    expect(none.code).to.equal(2)
    expect(none.stderr).to.match(/^bay: the image .*\/dbe cannot be read: there is no such file, nor an image of that name.*\n {2}try: .*default\/deb, fast\/deb/)
  })

  it('one that is cut is incomplete, and no machine is made of it', async () => {
    await does('vol', 'create', 'default/image-cut.qcow2', '--size', '1G', '--format', 'raw')
    expect((await image('list', '--json', '--filter', 'name=cut')).json()).to.have.nested.property('[0].state', 'incomplete')
    for (const refused of [
      await on('vm', 'create', 'm', '--image', 'cut', '--network', 'none'), await image('add', 'cut', file), await image('add', 'cut', file, '--if-missing'),
    ]) {
      expect(refused.code).to.equal(5)
      expect(refused.stderr).to.match(/is incomplete: copying it was cut.*\n {2}try: .*--replace/)
    }
    await does('image', 'delete', '--yes', 'cut')
  })

  it('what a host does not store leaves no volume', async () => {
    const failed = await image('add', 'new', file)
    expect(failed.code).to.equal(1)
    expect(failed.stderr).to.match(/keeps no content of volumes/)
    expect((await image('list', '-q')).stdout).to.equal('deb\n')
  })

  it('--if-missing, --replace and --dry-run', async () => {
    expect(await image('add', 'deb', file)).to.include({ code: 5 })
    expect((await image('add', 'deb', file, '--if-missing', '--json')).json()).to.deep.equal({
      action: 'add', kind: 'image', name: 'deb', changed: false, pool: 'default', volume: 'image-deb.qcow2', path: '/var/lib/libvirt/images/image-deb.qcow2',
      format: 'qcow2', capacity: 2 * GiB, sha256: null, checked: false,
    })
    expect((await image('add', 'deb', file, '--replace', '--dry-run')).stdout)
      .to.equal(`image deb (dry run): would be replaced in the pool default from ${file}\n`)
    expect((await image('add', 'new', file, '--dry-run', '--json')).json()).to.include({ changed: true, volume: 'image-new.img', capacity: 4096, dryRun: true })
    expect((await image('add', 'new', 'https://me:hush@example.org/x?key=hush', '--dry-run')).stdout)
      .to.equal('image new (dry run): would be added in the pool default from https://example.org/x\n')
    expect((await image('list', '-q')).stdout).to.equal('deb\n')
  })

  describe('refuses', () => {
    const sum = 'a'.repeat(64)
    const bad: [what: string, args: (() => string[]), code: number, says: RegExp][] = [
      ['a name with a slash', () => ['a/b', file], 2, /image name "a\/b"/],
      ['an empty name', () => ['', file], 2, /image name "" is empty/],
      ['a name of digits', () => ['12', file], 2, /only digits/],
      ['no source', () => ['x'], 2, /SOURCE .* is missing/],
      ['no file', () => ['x', '/none'], 2, /there is no such file/],
      ['a folder', () => ['x', folder], 2, /is no file/],
      ['an FTP server', () => ['x', 'ftp://u:hush@h/x'], 2, /no URL from which bay can download/],
      ['a broken URL', () => ['x', 'https://u:hush@'], 2, /no URL from which bay can download/],
      ['a sum that is none', () => ['x', file, '--sha256', 'abc'], 2, /no SHA-256 sum/],
      ['a sum of another kind', () => ['x', file, '--sha256', sum.repeat(2)], 2, /is a SHA-512 sum/],
      ['two sums', () => ['x', file, '--sha256', sum, '--sha256sums', file], 2, /sha256sums/],
      ['a list that is not there', () => ['x', file, '--sha256sums', '/none'], 2, /the checksums \/none cannot be read/],
      ['a list without the file', () => ['x', file, '--sha256sums', '/dev/null'], 2, /none for disk\.img/],
      ['the wrong sum', () => ['x', file, '--sha256', sum], 1, new RegExp(`is not the right file, nothing was added: its SHA-256 sum is [0-9a-f]{64}, and should be ${sum}`)],
      ['both ways with an existing one', () => ['x', file, '--replace', '--if-missing'], 2, /if-missing/],
      ['a pool that is not there', () => ['x', file, '--pool', 'nope'], 4, /no pool named nope/],
    ]
    for (const [what, args, code, says] of bad) {
      it(what, async () => {
        const refused = await image('add', ...args())
        expect(refused.stderr).to.match(says).and.not.contain('hush')
        expect(refused.code).to.equal(code)
      })
    }

    for (const [packing, command, says] of [
      ['gzip', ['gzip', '-k'], /is packed with gzip.*\n {2}try: unpack it first: gunzip --keep /], ['xz', ['xz', '-k'], /is packed with xz.*\n {2}try: unpack it first: xz -dk /],
    ] as const) {
      it(`what is packed with ${packing}, by its content`, async () => {
        writeFileSync(join(folder, packing), Buffer.alloc(4096, 7))
        execFileSync(command[0], [...command.slice(1), '--suffix=.x', join(folder, packing)])
        const refused = await image('add', 'x', join(folder, `${packing}.x`))
        expect(refused.stderr).to.match(says)
        expect(refused.code).to.equal(2)
      })
    }
  })

  it('a download goes into the cache, and no further on a host that does not store it', async () => {
    await using server = await FileServer.start()
    const url = server.at('/disk.img', { content: Buffer.alloc(1e6, 5) })
    const failed = await image('add', 'new', url)
    expect(failed.stderr).to.match(/^disk\.img is not checked: give --sha256 or --sha256sums/m).and.match(/^downloading disk\.img …$/m)
    expect(failed.stderr).to.match(/^bay: the embedded host keeps no content of volumes/m)
    expect(readdirSync(join(folder, 'cache/bay/images')).filter((name) => name.endsWith('.part'))).to.have.length(1)
    await image('add', 'newer', url)
    expect(server.served).to.equal(1e6 + 1)
  })

  it('the shell completes their names', async () => {
    const complete = async (...words: string[]) => (await bay(['__complete', '-c', host.uri, ...words])).stdout
    expect(await complete('image', 'delete', 'd')).to.equal('deb\t\n')
    expect(await complete('image', 'add', '')).to.equal('')
  })
})
