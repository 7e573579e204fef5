import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { lines, newRig, type Rig } from './rig.js'

const MiB = 2 ** 20
const long = process.env['BAY_TEST_LONG'] === '1'

// Volumes that are encrypted or have their room at once, and what is left of them when the disk is full or a run ends early.
describe('bay vol create --encrypt and --preallocation', function () {
  this.timeout(120_000)
  let rig: Rig
  let passphrase: string
  let small: string
  const secrets = async () => lines(await rig.virsh('secret-list')).map((line) => line.trim())
  const file = (name: string) => join(rig.folder, name)
  const taken = (name: string) => statSync(file(name)).blocks * 512

  before(async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    passphrase = join(rig.files, 'pass')
    writeFileSync(passphrase, 'correct horse\n', { mode: 0o600 })
    small = join(rig.host.dir, 'vc-small')
    mkdirSync(small)
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small])
    await rig.does('pool', 'create', 'small', '--path', small)
  })
  after(() => rig?.host.down())

  it('encrypts with a passphrase that only libvirt has, and machines start with it', async () => {
    const made = await rig.bay(['vol', 'create', 'default/e.qcow2', '--size', '4M', '--encrypt', '--passphrase-file', passphrase, '--json'])
    expect(made.json(), made.stdout).to.have.nested.property('encryption.format', 'luks')
    const { encryption } = await rig.json<{ encryption: { secret: string } }>('vol', 'show', 'default/e.qcow2')
    expect(await secrets()).to.deep.equal([`${encryption.secret}   volume ${file('e.qcow2')}`])
    expect(await rig.virsh('secret-dumpxml', encryption.secret)).to.contain(`ephemeral='no' private='yes'`)
    await rig.does('vm', 'create', 'vc-vm', ...rig.deaf, '--network', 'none', '--no-start')
    await rig.does('vm', 'attach', 'disk', 'vc-vm', 'default/e.qcow2')
    for (const args of [['vol', 'clone', 'default/e.qcow2', 'x'], ['vol', 'create', 'default/x', '--backing', 'default/e.qcow2'], ['vm', 'clone', 'vc-vm', 'vc-two']]) {
      const refused = await rig.bay(args)
      expect(refused.code, args.join(' ')).to.be.oneOf([2, 5])
      expect(refused.stderr).to.contain('encrypted')
    }
    await rig.virsh('start', 'vc-vm')
    expect(await rig.state('vc-vm')).to.equal('running')
    expect(await rig.bay(['vol', 'delete', '--yes', 'default/e.qcow2'])).to.include({ code: 5 })
    expect(await secrets()).to.have.length(1)
    await rig.does('vm', 'delete', '--yes', '--force', 'vc-vm')
    expect([await secrets(), existsSync(file('e.qcow2'))]).to.deep.equal([[], false])
  })

  it('takes nobody else\'s secret, and gc finds its own that is left over', async () => {
    const define = async (name: string, description: string) => {
      const path = join(rig.files, 'secret.xml')
      const uuid = randomUUID()
      writeFileSync(path, `<secret ephemeral='no' private='yes'><uuid>${uuid}</uuid>${description}<usage type='volume'><volume>${file(name)}</volume></usage></secret>`)
      await rig.virsh('secret-define', path)
      return uuid
    }
    const { encryption } = await rig.json<{ encryption: { secret: string } }>('vol', 'create', 'default/s.qcow2', '--size', '4M', '--encrypt')
    await rig.virsh('secret-undefine', encryption.secret)
    const theirs = await define('s.qcow2', '')
    await rig.does('vol', 'delete', '--yes', 'default/s.qcow2')
    expect(await secrets()).to.have.length(1).and.have.nested.property('[0]').that.contains(theirs)
    const refused = await rig.bay(['vol', 'create', 'default/s.qcow2', '--size', '4M', '--encrypt'])
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain(`the host has a secret for ${file('s.qcow2')} already`)
    const ours = await define('lost.qcow2', '<description>bay: the passphrase of the volume default/lost.qcow2</description>')
    const found = await rig.json<object[]>('gc', '--only', 'secrets')
    expect(found).to.have.length(1)
    expect(found[0]).to.include({ kind: 'secret', name: ours, reason: 'there is no volume default/lost.qcow2' })
    await rig.does('gc', '--only', 'secrets', '--yes')
    expect(await secrets()).to.have.length(1)
    await rig.virsh('secret-undefine', theirs)
  })

  it('leaves neither volume nor secret, interrupted or killed at each step', async () => {
    const all = ['INT:1+', '1+', 'INT:2+', '2+', 'INT:3+', '3+', 'INT:4+', '4+']
    for (const moment of long ? all : ['2+', 'INT:4+']) {
      const args = ['vol', 'create', 'default/k.qcow2', '--size', '4M', '--encrypt', '--passphrase-file', passphrase]
      const ended = await rig.bay(args, { env: { BAY_TEST_KILL_AT: moment } })
      expect(`${ended.stdout}${ended.stderr}`).not.to.contain('horse')
      if (moment.startsWith('INT')) expect(ended.code, ended.stderr).to.equal(130)
      else await rig.does('recover', '--yes')
      expect([await secrets(), readdirSync(rig.folder)], moment).to.deep.equal([[], []])
    }
  })

  it('takes its room at once, as far as it is told', async () => {
    const create = (name: string, how: string, format: string) => rig.does('vol', 'create', `default/${name}`, '--size', '8M', '--format', format, '--preallocation', how)
    await create('m.qcow2', 'metadata', 'qcow2')
    await create('f.qcow2', 'falloc', 'qcow2')
    await create('full.img', 'full', 'raw')
    expect(taken('m.qcow2')).to.be.below(MiB)
    expect([taken('f.qcow2') >= 8 * MiB, taken('full.img')]).to.deep.equal([true, 8 * MiB])
    expect(await rig.bay(['vol', 'create', 'default/no', '--size', '8M', '--preallocation', 'full'])).to.include({ code: 2 })
    await rig.does('vol', 'delete', '--yes', 'default/*')
  })

  it('leaves nothing on a full disk: made with its room, encrypted, uploaded, cloned', async () => {
    const big = join(rig.files, 'big.img')
    writeFileSync(big, Buffer.alloc(12 * MiB, 7))
    await rig.does('vol', 'upload', big, 'default/source.img')
    const runs = [
      ['vol', 'create', 'small/x', '--size', '16M', '--preallocation', 'falloc'], ['vol', 'create', 'small/x', '--size', '16M', '--format', 'raw', '--preallocation', 'full'],
      ...long ? [['vol', 'create', 'small/x', '--size', '16M', '--encrypt', '--preallocation', 'falloc']] : [],
      ['vol', 'upload', big, 'small/x'], ['vol', 'clone', 'default/source.img', 'small/x'], ['vol', 'convert', 'default/source.img', 'small/x', '--format', 'qcow2'],
    ]
    for (const args of runs) {
      const failed = await rig.bay(args)
      expect(failed, args.join(' ') + failed.stderr).to.include({ code: 1, stdout: '' })
      expect(failed.stderr).to.match(/No space left|cannot (fill|allocate|write)|not enough|Could not/i).and.not.to.contain('Child process')
      expect([(await rig.host.exec(['ls', '-A', small])).stdout, await secrets()], args.join(' ')).to.deep.equal(['', []])
    }
  })

  it('a daemon that is killed meanwhile: the run says so, and recover leaves nothing', async () => {
    const big = join(rig.files, 'large.img')
    writeFileSync(big, Buffer.alloc(256 * MiB, 7))
    const runs = [['vol', 'clone', 'default/source.img', 'd.img'], ['vol', 'upload', big, 'default/d.img']]
    for (const args of runs) {
      const going = rig.start(args)
      while (!existsSync(file('d.img'))) await new Promise((resolve) => { setTimeout(resolve, 2) })
      rig.host.kill('SIGKILL')
      const { code, stderr } = await going.done
      await rig.host.restartDaemon()
      if (code !== 0) expect(code, stderr).to.be.oneOf([6, 9])
      await rig.does('recover', '--yes')
      await rig.does('pool', 'refresh', 'default')
      if (code === 0) await rig.does('vol', 'delete', '--yes', 'default/d.img')
      expect(readdirSync(rig.folder), args.join(' ')).to.deep.equal(['source.img'])
    }
  })
})
