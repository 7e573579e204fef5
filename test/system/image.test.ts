import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { bayEnvironment, program } from '../lab/bay.js'
import { FileServer } from '../lab/file-server.js'
import { run } from '../lab/script.js'
import { suiteRig, until, type Rig } from './rig.js'

const MiB = 2 ** 20
interface Added { changed: boolean, path: string, format: string }
interface Row { name: string, state: string, usedBy: string[] }

// Images as an operator adds, uses and removes them, from files and from a server that misbehaves.
describe('bay image on a host', function () {
  this.timeout(120_000)
  let rig: Rig
  let server: FileServer
  let cache: string
  let qcow2: string
  let big: string
  let content: Buffer
  const env = () => ({ XDG_CACHE_HOME: cache })
  const bay = (...args: string[]) => rig.bay(args, { env: env() })
  const image = (...args: string[]) => bay('image', ...args)
  const json = async <T>(...args: string[]): Promise<T> => {
    const done = await bay('-o', 'json', ...args)
    expect(done.code, done.stderr).to.equal(0)
    return done.json() as T
  }
  const list = () => json<Row[]>('image', 'list')
  const parts = () => existsSync(join(cache, 'bay/images')) ? readdirSync(join(cache, 'bay/images')).filter((name) => name.endsWith('.part')) : []
  const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const tool = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('qemu-img', args)
    expect(code, stderr).to.equal(0)
    return stdout
  }
  /** Machines that are never started. */
  const create = (name: string, ...more: string[]) => json<{ disks: { path: string }[] }>(
    'vm', 'create', name, '--virt', 'qemu', '--graphics', 'none', '--network', 'none', '--memory', '32M', '--no-start', ...more)

  before('a qcow2 image of 6M and one of 200M', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    server = await FileServer.start()
    cache = join(rig.files, 'cache')
    qcow2 = join(rig.files, 'it.qcow2')
    big = join(rig.files, 'it-big.qcow2')
    const raw = join(rig.files, 'it.raw')
    for (const [size, target] of [[6, qcow2], [200, big]] as const) {
      writeFileSync(raw, randomBytes(size * MiB))
      await tool('convert', '-q', '-O', 'qcow2', raw, target)
    }
    content = readFileSync(qcow2)
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    await rig?.clean('it-')
    await rig?.clean('image-it')
  })
  afterEach(async () => {
    expect(existsSync(journals()) ? readdirSync(journals()) : [], 'journals').to.be.empty
    for (const { name } of await list()) await rig.virsh('vol-delete', `image-${name}.qcow2`, rig.pool).catch(() => rig.virsh('vol-delete', `image-${name}.img`, rig.pool))
  })
  const journals = () => join(bayEnvironment({}).XDG_STATE_HOME ?? '', 'bay/journal')

  it('from a file: machines are copied from it, or are layers over it, and only layers keep it', async () => {
    const added = await json<Added>('image', 'add', 'it', qcow2, '--sha256', sum(content))
    expect(added).to.include({ changed: true, pool: 'default', volume: 'image-it.qcow2', format: 'qcow2', capacity: 6 * MiB, sha256: sum(content), checked: true })
    await tool('compare', '-s', qcow2, added.path)
    const copied = await create('it-copy', '--image', 'it', '--disk', '64M')
    await tool('compare', qcow2, copied.disks[0]?.path ?? '')
    expect(await tool('info', copied.disks[0]?.path ?? '')).to.match(/virtual size: 64 MiB/).and.not.match(/backing/)
    await create('it-layer', '--image', 'it', '--linked')
    expect(await list()).to.deep.include({ ...(await list())[0], name: 'it', state: 'ready', usedBy: ['default/it-layer.qcow2'] })
    const refused = await image('delete', '--yes', 'it')
    expect(refused.code).to.equal(5)
    expect(refused.stderr).to.match(/machines use the volume default\/image-it\.qcow2: it-layer/)
    expect(await image('add', 'it', qcow2, '--replace')).to.include({ code: 5 })
    await tool('compare', qcow2, added.path)
    await rig.does('vm', 'delete', '--yes', 'it-layer')
    expect((await image('delete', '--yes', 'it')).stdout).to.equal('image it: deleted\n')
    await tool('compare', qcow2, copied.disks[0]?.path ?? '')
    await rig.does('vm', 'delete', '--yes', 'it-copy')
  })

  it('from a URL: checked by a list of sums, copied, and nothing stays in the cache', async () => {
    const url = server.at('/images/it%201.qcow2', { content })
    const sums = server.at('/images/SHA256SUMS', { content: Buffer.from(`${'0'.repeat(64)}  other\n${sum(content)} *it 1.qcow2\n`) })
    const done = await image('add', 'it', url.replace('http://', 'http://me:hush@'), '--sha256sums', sums)
    expect(done.stdout).to.equal('image it: added (6M, qcow2, checksum right)\n')
    expect(done.stderr).to.equal('reading the checksums …\ndownloading it 1.qcow2 …\ncopying it to default/image-it.qcow2 …\n')
    await tool('compare', '-s', qcow2, join(rig.folder, 'image-it.qcow2'))
    expect(parts()).to.be.empty
    expect(server.requests.at(-1)?.authorization).to.match(/^Basic /)
    const before = server.requests.length
    expect((await image('add', 'it', url, '--if-missing')).stdout).to.equal('image it: exists already\n')
    expect(server.requests).to.have.length(before)
    expect((await image('add', 'it', url, '--replace')).stdout).to.equal('image it: replaced (6M, qcow2)\n')
  })

  it('a raw image keeps its holes', async () => {
    const raw = join(rig.files, 'it-holes.raw')
    await tool('create', '-q', '-f', 'raw', raw, '256M')
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 7 200M 64k', raw])
    const { path, format } = await json<Added>('image', 'add', 'it', raw)
    expect(format).to.equal('raw')
    expect(statSync(path)).to.include({ size: 256 * MiB })
    expect(statSync(path).blocks * 512).to.be.below(MiB)
    await tool('compare', '-f', 'raw', '-F', 'raw', raw, path)
  })

  it('a server that cuts: the run goes on by itself where it stopped', async () => {
    const served = server.served
    const url = server.at('/cut.qcow2', { content, cutAfter: 2 * MiB })
    const done = await image('add', 'it', url, '--sha256', sum(content))
    expect(done.code, done.stderr).to.equal(0)
    expect(done.stderr).to.match(/cut\.qcow2: the server cut the connection; trying again in 1 s/)
    // What was under way when the connection broke may be lost.
    expect(server.served - served).to.be.within(content.length, content.length + MiB)
    await tool('compare', '-s', qcow2, join(rig.folder, 'image-it.qcow2'))
  })

  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGKILL', null]] as const) {
    it(`${signal} while it is downloaded: nothing is added, and the next run goes on`, async () => {
      const path = `/slow-${signal}.qcow2`
      const behaviour = { content, stallAfter: 2 * MiB } as { content: Buffer, stallAfter?: number }
      const url = server.at(path, behaviour)
      const running = rig.start(['image', 'add', 'it', url, '--sha256', sum(content)], { env: env() })
      await until(() => parts().some((name) => statSync(join(cache, 'bay/images', name)).size === 2 * MiB))
      running.kill(signal)
      const ended = await running.done
      expect(ended).to.include({ code, stdout: '' })
      expect(await list()).to.be.empty
      delete behaviour.stallAfter
      const before = server.served
      expect((await image('add', 'it', url, '--sha256', sum(content))).code).to.equal(0)
      expect(server.served - before).to.equal(content.length - 2 * MiB)
      await tool('compare', '-s', qcow2, join(rig.folder, 'image-it.qcow2'))
    })
  }

  it('a wrong checksum: both are said, nothing is added, nothing stays', async () => {
    const url = server.at('/wrong.qcow2', { content })
    const wrong = 'ab'.repeat(32)
    const refused = await image('add', 'it', url, '--sha256', wrong)
    expect(refused).to.include({ code: 1, stdout: '' })
    expect(refused.stderr).to.contain(`its SHA-256 sum is ${sum(content)}, and should be ${wrong}`)
    expect(await list()).to.be.empty
    expect(parts()).to.be.empty
  })

  it('what is no image is refused once its first bytes are there', async () => {
    const layer = join(rig.files, 'it-layer.qcow2')
    await tool('create', '-q', '-f', 'qcow2', '-b', qcow2, '-F', 'qcow2', layer)
    const before = server.served
    for (const [what, bytes, says] of [
      ['a.vmdk', Buffer.concat([Buffer.from('KDMV'), randomBytes(20 * MiB)]), /^bay: a\.vmdk is a VMDK image.*\n {2}try: download it by hand first: http:.*\n {2}try: qemu-img convert /m],
      ['a.qcow2.xz', Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), randomBytes(20 * MiB)]), /^bay: a\.qcow2\.xz is packed with xz.*\n.*\n {2}try: unpack it first: xz -dk /m],
      ['layer.qcow2', readFileSync(layer), /is a layer over another file/],
    ] as const) {
      const refused = await image('add', 'it', server.at(`/${what}`, { content: bytes, slow: 5 }))
      expect(refused.stderr).to.match(says)
      expect(refused.code).to.equal(2)
    }
    expect(server.served - before).to.be.below(20 * MiB)
    expect(parts()).to.be.empty
    expect(await list()).to.be.empty
  })

  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 143]] as const) {
    it(`${signal} while it is copied to the host: no volume stays, and what was downloaded does`, async () => {
      const bytes = readFileSync(big)
      const url = server.at(`/big-${signal}.qcow2`, { content: bytes })
      const running = rig.start(['image', 'add', 'it', url], { env: env() })
      await running.says('copying it')
      await until(() => sizeOf('image-it.qcow2') > MiB, 5)
      running.kill(signal)
      expect(await running.done).to.include({ code, stdout: '' })
      expect(await rig.virsh('vol-list', rig.pool)).to.not.contain('image-it')
      const before = server.served
      expect((await image('add', 'it', url, '--sha256', sum(bytes))).code).to.equal(0)
      expect(server.served - before).to.equal(1)
      await tool('compare', '-s', big, join(rig.folder, 'image-it.qcow2'))
      await tool('check', '-q', join(rig.folder, 'image-it.qcow2'))
    })
  }

  it('while it is copied, and when that is killed, it is incomplete: no machine is made of it by anybody, and recover removes it', async () => {
    const running = rig.start(['image', 'add', 'it', big], { env: env() })
    await running.says('copying it')
    await until(() => sizeOf('image-it.qcow2') > MiB, 5)
    // Or it may be whole before the next program has started.
    running.kill('SIGSTOP')
    const early = await bay('vm', 'create', 'it-early', '--image', 'it', '--network', 'none')
    expect(early, early.stderr).to.include({ code: 75 })
    running.kill('SIGKILL')
    await running.done
    expect((await list())[0]).to.include({ name: 'it', state: 'incomplete' })
    for (const args of [['vm', 'create', 'it-half', '--image', 'it', '--network', 'none'], ['image', 'add', 'it', big], ['image', 'add', 'it', big, '--if-missing']]) {
      const refused = await bay(...args)
      expect(refused.stderr).to.match(/is incomplete: copying it was cut/)
      expect(refused.code).to.equal(5)
    }
    const cloned = await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'qcow2', join(rig.folder, 'image-it.qcow2'), join(rig.files, 'it-clone')])
    expect(cloned.code).to.not.equal(0)
    await rig.does('recover', '--yes')
    expect(await list()).to.be.empty
    expect((await image('add', 'it', qcow2)).code).to.equal(0)
  })

  it('killed, then --replace', async () => {
    const running = rig.start(['image', 'add', 'it', big], { env: env() })
    await running.says('copying it')
    await until(() => sizeOf('image-it.qcow2') > MiB, 5)
    running.kill('SIGKILL')
    await running.done
    expect((await image('add', 'it', qcow2, '--replace')).code).to.equal(0)
    await tool('compare', '-s', qcow2, join(rig.folder, 'image-it.qcow2'))
    await rig.does('recover', '--yes')
    await tool('compare', '-s', qcow2, join(rig.folder, 'image-it.qcow2'))
  })

  it('somebody deletes it while it is copied, which libvirt allows: that is no success', async () => {
    const running = rig.start(['image', 'add', 'it', big], { env: env() })
    await running.says('copying it')
    await until(() => sizeOf('image-it.qcow2') > MiB, 5)
    await rig.virsh('vol-delete', 'image-it.qcow2', rig.pool)
    const ended = await running.done
    expect(ended).to.include({ code: 4, stdout: '' })
    expect(await list()).to.be.empty
  })

  it('four at once: one adds it, the others wait and find it', async () => {
    const served = server.served
    const url = server.at('/many.qcow2', { content, slow: 5 })
    const done = await Promise.all([1, 2, 3, 4].map(() => image('add', 'it', url, '--if-missing', '--json')))
    expect(done.map(({ code }) => code)).to.deep.equal([0, 0, 0, 0])
    expect(done.filter((each) => (each.json() as Added).changed)).to.have.length(1)
    expect(server.served - served).to.equal(content.length)
    const [, second] = await Promise.all([image('add', 'it-other', url), image('add', 'it-third', url)])
    expect(second.code).to.equal(0)
    await tool('compare', '-s', qcow2, join(rig.folder, 'image-it-third.qcow2'))
  })

  it('a pool that is full: no volume stays', async () => {
    const folder = join(rig.host.dir, 'pools', 'it-tiny')
    await rig.does('pool', 'create', 'it-tiny', '--path', folder, '--no-autostart')
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
    await rig.does('pool', 'refresh', 'it-tiny')
    const full = await image('add', 'it', big, '--pool', 'it-tiny')
    expect(full).to.include({ code: 1, stdout: '' })
    expect(full.stderr).to.match(/^bay: .*[Nn]o space left/m)
    expect(await rig.virsh('vol-list', 'it-tiny')).to.equal('')
    await rig.host.exec(['umount', folder])
    await rig.does('pool', 'delete', '--yes', 'it-tiny')
  })

  it('a cache that is full is not left full, whether the length is known before or not', async () => {
    const folder = join(rig.files, 'tiny-cache')
    mkdirSync(folder)
    for (const [path, chunked, says] of [['/full.qcow2', false, /not enough room in .*: 6.*M are needed, .* are free/], ['/full-too.qcow2', true, /not enough room in .*: no space left/]] as const) {
      const url = server.at(path, { content, chunked })
      const script = 'mount -t tmpfs -o size=3m tmpfs "$1" && "$2" "$3" image add it "$4"; code=$?; du -sk "$1" | cut -f1; exit $code'
      const full = await run('unshare', ['--mount', 'bash', '-c', script, 'bash', folder, process.execPath, program, url], {
        env: { ...bayEnvironment({ uri: rig.host.uri }), XDG_CACHE_HOME: folder },
      })
      expect(full.stderr).to.match(says).and.match(/try: give it another folder: XDG_CACHE_HOME=/)
      expect(full.code).to.equal(1)
      expect(Number(full.stdout)).to.be.below(100)
    }
    expect(await list()).to.be.empty
  })

  it('progress for a log: a line now and then', async () => {
    const url = server.at('/long.qcow2', { content, slow: 80 })
    const done = await image('add', 'it', url)
    expect(done.code).to.equal(0)
    expect(done.stderr).to.match(/^downloading long\.qcow2: [\d.]+M of 6\.\d+M \(\d+%\), [\d.]+[KM]\/s …$/m)
    expect(done.stderr.match(/^downloading/gm)).to.have.length.within(2, 5)
    expect((await image('add', 'it', server.at('/quiet.qcow2', { content }), '--replace', '-q')).stderr).to.equal('')
  })

  function sizeOf(volume: string): number {
    const path = join(rig.folder, volume)
    return existsSync(path) ? statSync(path).blocks * 512 : 0
  }
})
