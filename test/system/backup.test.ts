import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { program } from '../lab/bay.js'
import type { Outcome } from '../lab/script.js'
import { newRig, type Rig } from './rig.js'

describe('backups', function () {
  this.timeout(120_000)
  let rig: Rig
  let folder: string
  let disk: string

  before('a machine that is off, with a qcow2 and a raw disk, a password and an element of somebody else', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    folder = join(rig.files, 'backups')
    disk = join(rig.folder, 'web.qcow2')
    mkdirSync(folder)
    await rig.does('vm', 'create', 'web', '--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--graphics', 'vnc', '--network', 'none', '--empty',
      '--disk', '64M', '--disk', '8M,format=raw', '--no-start')
    const xml = join(rig.files, 'web.xml')
    const given = (await rig.virsh('dumpxml', '--inactive', '--security-info', 'web'))
      .replace(/<metadata>|(?=<memory )/, (found) => `<metadata><x:thing xmlns:x="urn:x"/>${found === '' ? '</metadata>' : ''}`).replace(/<graphics type='vnc'/, '$& passwd="pw-7"')
    writeFileSync(xml, given)
    await rig.virsh('define', xml)
    await write(1)
  })
  after(() => rig?.host.down())

  /** bay as on the host itself: a folder is the host's own. */
  const onHost = (...args: string[]): Promise<Outcome> => rig.host.exec(['env', `XDG_STATE_HOME=${join(rig.files, 'state')}`,
    'LIBVIRT_DEFAULT_URI=qemu:///system', process.execPath, program, ...args])

  async function write(pattern: number): Promise<void> {
    const { code, stderr } = await rig.host.exec(['qemu-io', '-c', `write -P ${pattern} ${pattern}M 1M`, disk])
    expect(code, stderr).to.equal(0)
  }

  async function same(restored: string): Promise<void> {
    const { code, stdout, stderr } = await rig.host.exec(['qemu-img', 'compare', disk, join(rig.folder, restored)])
    expect(code, stdout + stderr).to.equal(0)
  }

  const backups = () => readdirSync(join(folder, 'web')).sort()

  it('a full one and two incremental ones restore to what the disk held, byte for byte; a machine that was off is off again', async () => {
    for (const pattern of [2, 3, 4]) {
      const { code, stdout, stderr } = await onHost('backup', 'create', 'web', '--to', folder, '--incremental')
      expect(code, stderr).to.equal(0)
      expect(stdout).to.match(pattern === 2 ? /^vm web: full backup \d+T\d+Z, / : /^vm web: incremental backup \d+T\d+Z, /)
      expect(await rig.state('web')).to.equal('shut off')
      if (pattern < 4) await write(pattern)
    }
    expect(await onHost('backup', 'verify', '--from', folder)).to.include({ code: 0 })
    const { code, stderr } = await onHost('backup', 'restore', 'web', '--from', folder, '--to-name', 'again')
    expect(code, stderr).to.equal(0)
    await same('again.qcow2')
    const xml = await rig.virsh('dumpxml', '--inactive', '--security-info', 'again')
    expect(xml).to.include('urn:x').and.include("passwd='pw-7'").and.not.include(await rig.virsh('domuuid', 'web'))
    expect(statSync(join(folder, 'web', backups()[0] ?? '', 'domain.xml')).mode & 0o777).to.equal(0o600)
    expect(statSync(join(folder, 'web', backups()[0] ?? '')).mode & 0o777).to.equal(0o700)
  })

  it('verify finds a flipped byte and a missing link, and restore refuses both', async () => {
    const [first = '', second = '', third = ''] = backups()
    const file = join(folder, 'web', second, 'vda.qcow2')
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(file, bytes)
    const flipped = await onHost('backup', 'verify', 'web', '--from', folder, '-o', 'json')
    expect(flipped.code).to.equal(3)
    const rows = JSON.parse(flipped.stdout) as { name: string, ok: boolean }[]
    expect(rows.map(({ name, ok }) => [name, ok])).to.deep.equal([[first, true], [second, false], [third, true]])
    expect(await onHost('backup', 'restore', 'web', '--from', folder, '--to-name', 'bad')).to.include({ code: 1, stdout: '' })
    rmSync(join(folder, 'web', second), { recursive: true })
    expect(await onHost('backup', 'verify', `web/${third}`, '--from', folder)).to.include({ code: 3 })
    expect(await onHost('backup', 'restore', 'web', '--from', folder, '--to-name', 'bad')).to.include({ code: 1, stdout: '' })
  })

  it('a full disk: QEMU\'s reason, and nothing is left: no file, no checkpoint, no job; the machine is as it was', async () => {
    const small = join(rig.files, 'small')
    mkdirSync(small)
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      const before = await rig.virsh('checkpoint-list', 'web', '--name')
      const { code, stderr } = await onHost('backup', 'create', 'web', '--to', small, '--incremental')
      expect(code, stderr).to.equal(1)
      expect(stderr).to.match(/No space left on device/)
      expect(await rig.virsh('checkpoint-list', 'web', '--name')).to.equal(before)
      expect(await rig.state('web')).to.equal('shut off')
      const left = await rig.host.exec(['find', small, '-type', 'f'])
      expect(left.stdout).to.equal('')
    } finally {
      await rig.host.exec(['umount', small])
    }
  })
})
