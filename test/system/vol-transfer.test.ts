import { expect } from 'chai'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../lab/script.js'
import { suiteRig, until, type Rig } from './rig.js'

const MiB = 2 ** 20

// Volumes' bytes, there and back, as an operator moves them.
describe('bay vol upload and vol download', function () {
  this.timeout(60_000)
  let rig: Rig
  let folder: string
  let sparse: string
  const at = (name: string) => join(folder, name)
  const sumOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    folder = join(rig.files, 'transfer')
    mkdirSync(folder)
    sparse = at('sparse.img')
    withData(sparse, 64 * MiB, [0, 20 * MiB])
  })
  after(() => rig?.clean('tr-'))

  it('keeps holes and every byte, both ways, and tells the sum', async () => {
    const sum = sumOf(sparse)
    expect(await rig.json('vol', 'upload', sparse, 'default/tr-a.img', '--checksum', 'sha256'))
      .to.deep.include({ changed: true, format: 'raw', length: 64 * MiB, capacity: 64 * MiB, sha256: sum })
    expect(await rig.json<{ allocation: number }>('vol', 'show', 'default/tr-a.img')).to.have.property('allocation').below(5 * MiB)
    const back = at('back.img')
    expect(await rig.json('vol', 'download', 'default/tr-a.img', back, '--checksum', `sha256:${sum}`)).to.include({ length: 64 * MiB, sha256: sum, resumed: 0 })
    expect(sumOf(back)).to.equal(sum)
    expect(statSync(back).blocks * 512).to.be.below(5 * MiB)
    expect((statSync(back).mode & 0o777).toString(8)).to.equal('600')
    const again = await rig.bay(['vol', 'download', 'default/tr-a.img', back])
    expect(again).to.include({ code: 5 })
    expect(await rig.does('vol', 'download', 'default/tr-a.img', back, '--overwrite')).to.equal('vol default/tr-a.img: downloaded (64M)')
    expect(readdirSync(folder)).to.have.members(['sparse.img', 'back.img'])
  })

  it('refuses a wrong sum both ways, and leaves nothing', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`
    for (const args of [['upload', sparse, 'default/tr-w.img'], ['download', 'default/tr-a.img', at('w.img')]]) {
      const { code, stderr } = await rig.bay(['vol', ...args, '--checksum', wrong])
      expect(code, stderr).to.equal(1)
      expect(stderr).to.contain('is not what it should be')
    }
    const piped = await rig.bay(['vol', 'upload', '-', 'default/tr-w.img', '--checksum', wrong], { stdin: 'some bytes' })
    expect(piped, piped.stderr).to.include({ code: 1 })
    expect(await rig.virsh('vol-list', 'default')).not.to.contain('tr-w')
    expect(existsSync(at('w.img.part')) || existsSync(at('w.img'))).to.equal(false)
  })

  it('takes pipes, and qcow2 for what it is', async () => {
    const image = at('q.qcow2')
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1G'])
    await run('qemu-io', ['-c', 'write -P 7 0 3M', image])
    expect(await rig.json('vol', 'upload', image, 'default/tr-q.qcow2')).to.include({ format: 'qcow2', capacity: 1024 * MiB })
    const piped = await run('bash', ['-c', `cat "$0" | "$@"`, image, process.execPath, 'bin/run.js', '-c', rig.host.uri, 'vol', 'upload', '-', 'default/tr-p.qcow2'])
    expect(piped.code, piped.stderr).to.equal(0)
    const compared = await run('qemu-img', ['compare', join(rig.folder, 'tr-p.qcow2'), image])
    expect(compared.stdout).to.contain('identical')
    expect(await rig.json('vol', 'show', 'default/tr-p.qcow2')).to.include({ format: 'qcow2', capacity: 1024 * MiB })
    const out = await run('bash', ['-c', '"$@" | sha256sum', '', process.execPath, 'bin/run.js', '-c', rig.host.uri, 'vol', 'download', 'default/tr-a.img', '-'])
    expect(out.stdout).to.contain(sumOf(sparse))
  })

  it('makes a raw volume as large as it is told to, and overwrites one that nobody needs', async () => {
    const small = at('small')
    writeFileSync(small, 'x'.repeat(1000))
    expect(await rig.json('vol', 'upload', small, 'default/tr-s', '--size', '8M')).to.include({ length: 1000, capacity: 8 * MiB })
    expect(await rig.bay(['vol', 'upload', small, 'default/tr-s'])).to.include({ code: 5 })
    expect(await rig.json('vol', 'upload', small, 'default/tr-s', '--if-missing')).to.include({ changed: false })
    expect(await rig.json('vol', 'upload', small, 'default/tr-s', '--overwrite')).to.include({ changed: true, capacity: 1000 })
    await rig.does('vol', 'create', 'default/tr-layer', '--backing', 'default/tr-q.qcow2')
    const layered = await rig.bay(['vol', 'upload', small, 'default/tr-q.qcow2', '--overwrite'])
    expect(layered).to.include({ code: 5 })
    expect(layered.stderr).to.contain('volumes are layers over default/tr-q.qcow2: default/tr-layer')
  })

  it('never overwrites a volume of a machine, running or not', async () => {
    await rig.does('vm', 'create', 'tr-vm', ...rig.deaf, '--network', 'none')
    const [volume = ''] = (await rig.json<{ disks: { volume: string }[] }>('vm', 'show', 'tr-vm')).disks.map((disk) => `default/${disk.volume}`)
    for (const state of ['running', 'off']) {
      const refused = await rig.bay(['vol', 'upload', sparse, volume, '--overwrite'])
      expect(refused, state).to.include({ code: 5 })
      expect(refused.stderr).to.contain(`machines use the volume ${volume}: tr-vm`)
      if (state === 'running') await rig.virsh('destroy', 'tr-vm')
    }
  })

  it('leaves nothing on Ctrl-C, and goes on with --resume', async () => {
    const big = at('big.img')
    withData(big, 240 * MiB, Array.from({ length: 120 }, (_, index) => index * 2 * MiB), 2 * MiB)
    const up = rig.start(['vol', 'upload', big, 'default/tr-int.img'])
    await until(() => existsSync(join(rig.folder, 'tr-int.img')), 2)
    up.kill('SIGINT')
    expect((await up.done).code).to.equal(130)
    expect(await rig.virsh('vol-list', 'default')).not.to.contain('tr-int')
    expect(existsSync(join(rig.folder, 'tr-int.img'))).to.equal(false)
    await rig.does('vol', 'upload', big, 'default/tr-big.img')
    for (const more of [[], ['--resume']]) {
      const down = rig.start(['vol', 'download', 'default/tr-big.img', at('r.img'), ...more])
      await until(() => existsSync(at('r.img.part')) && statSync(at('r.img.part')).size > 20 * MiB, 2)
      down.kill('SIGINT')
      expect((await down.done).code).to.equal(130)
      expect(existsSync(at('r.img'))).to.equal(false)
      expect(existsSync(at('r.img.part'))).to.equal(more.length > 0)
    }
    const done = await rig.json<{ resumed: number, sha256: string }>('vol', 'download', 'default/tr-big.img', at('r.img'), '--resume', '--checksum', 'sha256')
    expect(done.resumed).to.be.above(20 * MiB)
    expect(done.sha256).to.equal(sumOf(big)).and.to.equal(sumOf(at('r.img')))
  })

  it('goes on with an upload where it was cut, as far as what is there is the file', async () => {
    const big = at('up.img')
    withData(big, 240 * MiB, Array.from({ length: 120 }, (_, index) => index * 2 * MiB), 2 * MiB)
    const there = join(rig.folder, 'tr-up.img')
    const args = ['vol', 'upload', big, 'default/tr-up.img', '--resume', '--json']
    const up = rig.start(args)
    await until(() => existsSync(there) && statSync(there).blocks * 512 > 20 * MiB, 2)
    up.kill('SIGINT')
    expect((await up.done).code).to.equal(130)
    expect(existsSync(there)).to.equal(true)
    const done = await rig.bay([...args, '--checksum', 'sha256'])
    expect(done.json(), done.stdout).to.include({ changed: true, length: 240 * MiB, sha256: sumOf(big) })
    expect(done.json()).to.have.property('resumed').above(15 * MiB)
    expect(sumOf(there)).to.equal(sumOf(big))
    expect((await rig.bay(args)).json()).to.include({ changed: false })
    const fd = openSync(there, 'r+')
    writeSync(fd, Buffer.alloc(256 * 1024), 0, 256 * 1024, 0)
    writeSync(fd, randomBytes(4096), 0, 4096, 100 * MiB)
    closeSync(fd)
    const other = await rig.bay(args.slice(0, -1))
    expect(other, other.stderr).to.include({ code: 5 })
    expect(other.stderr).to.contain('is no part of').and.contain('--overwrite')
    expect(await rig.bay(['vol', 'upload', at('q.qcow2'), 'default/tr-up2', '--resume'])).to.include({ code: 2 })
  })
})

/** A file with random bytes in some places and holes between. */
function withData(path: string, length: number, places: readonly number[], each = MiB): void {
  const fd = openSync(path, 'w')
  for (const place of places) writeSync(fd, randomBytes(each), 0, each, place)
  ftruncateSync(fd, length)
  closeSync(fd)
}
