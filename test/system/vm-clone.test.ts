import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readIsoFile } from '../../src/provision/iso-file.js'
import { lines, suiteRig, type Rig } from './rig.js'

interface Cloned { changed: boolean, uuid: string, nvram: string | null, disks: { volume: string, path: string }[] }

// Copies of machines that are off: each its own, and the source as it was.
describe('bay vm clone', function () {
  this.timeout(90_000)
  let rig: Rig
  const clone = (...args: string[]) => rig.bay(['vm', 'clone', ...args])
  const stored = (name: string) => rig.virsh('dumpxml', '--inactive', '--security-info', name)

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('vm', 'create', 'cl-a', '--virt', 'qemu', '--vcpus', '1', '--memory', '64M', '--graphics', 'vnc', '--firmware', 'uefi', '--empty',
      '--disk', '2M,format=raw', '--disk', '1M', '--network', rig.network)
    await rig.does('vm', 'stop', '--force', 'cl-a')
    const file = join(rig.files, 'cl-a.xml')
    writeFileSync(file, (await stored('cl-a')).replace(/<metadata>|(?=<os )/, (found) => found === '' ? '<metadata><x:thing xmlns:x="urn:x" n="1"/></metadata>' : `${found}<x:thing xmlns:x="urn:x" n="1"/>`)
      .replace(/<graphics type='vnc'/, '$& passwd=\'geheim\''))
    await rig.virsh('define', file)
    writeFileSync(join(rig.folder, 'cl-a.img'), randomBytes(2 ** 21))
  })
  after(() => rig?.clean('cl-'))

  const nvram = (name: string) => readFileSync(join(rig.host.dir, 'lib/qemu/nvram', `${name}_VARS.fd`))

  it('copies disks and UEFI variables, and gives a UUID and MAC addresses of its own; the rest and the source are as they were', async () => {
    const variables = nvram('cl-a')
    variables.write('CHANGED', variables.length - 100)
    writeFileSync(join(rig.host.dir, 'lib/qemu/nvram/cl-a_VARS.fd'), variables)
    const before = [await stored('cl-a'), ...await rig.everything()]
    expect((await clone('cl-a', 'cl-b', '--dry-run')).code).to.equal(0)
    expect([await stored('cl-a'), ...await rig.everything()]).to.deep.equal(before)
    const made = await rig.json<Cloned>('vm', 'clone', 'cl-a', 'cl-b')
    expect(made).to.deep.include({ changed: true, nvram: '/var/lib/libvirt/qemu/nvram/cl-b_VARS.fd' })
    expect(made.disks.map(({ volume }) => volume)).to.deep.equal(['cl-b.img', 'cl-b-2.qcow2'])
    expect(readFileSync(join(rig.folder, 'cl-b.img')).equals(readFileSync(join(rig.folder, 'cl-a.img')))).to.equal(true)
    expect(nvram('cl-b').equals(variables)).to.equal(true)
    const [a, b] = [await stored('cl-a'), await stored('cl-b')]
    expect(a).to.equal(before[0])
    expect(b).to.contain('<x:thing xmlns:x="urn:x" n="1"/>').and.contain('passwd=\'geheim\'')
    const own = (xml: string) => lines(xml.replaceAll(/cl-[ab]|<uuid>.*<\/uuid>|<mac address='.*'\/>/g, '')).sort()
    expect(own(b)).to.deep.equal(own(a))
    const identity = (xml: string) => xml.match(/<uuid>.*<\/uuid>|<mac address='.*'\/>/g)
    expect(identity(b)).to.have.length(2).and.not.include.members(identity(a) ?? [])
    expect(lines(await rig.virsh('pool-list', '--all', '--name')).map((each) => each.trim())).to.deep.equal([rig.pool])
    await rig.does('vm', 'delete', '--yes', 'cl-b')
    expect((await rig.everything()).sort()).to.deep.equal(before.slice(1).sort())
  })

  it('--linked: layers that boot at the same time, over a source that is not started any more', async () => {
    await rig.does('vm', 'create', 'cl-t', ...rig.tiny, '--disk', '1M', '--network', rig.network, '--no-start')
    await rig.does('vm', 'autostart', 'cl-t')
    expect((await clone('cl-t', 'cl-l', '--linked')).stderr).to.contain('bay vm autostart --off cl-t')
    await rig.does('vm', 'autostart', '--off', 'cl-t')
    const made = await rig.json<Cloned[]>('vm', 'clone', 'cl-t', 'cl-l', '--count', '2', '--linked', '--start')
    expect(made).to.have.length(2)
    const refused = await rig.bay(['vm', 'start', 'cl-t'])
    expect(refused.stderr).to.match(/^bay: the disks of cl-l-[12], cl-l-[12] are layers over a disk of cl-t/)
    expect(refused.code).to.equal(5)
    if (process.env['BAY_TEST_LONG'] === '1') {
      await rig.does('vm', 'wait', 'cl-l-1', 'cl-l-2', '--for', 'ip')
      const addresses = await Promise.all(['cl-l-1', 'cl-l-2'].map(async (name) => (await rig.json<{ addresses: string[] }>('vm', 'show', name)).addresses[0]))
      expect(new Set(addresses).size).to.equal(2)
    }
    await rig.does('vm', 'delete', '--yes', '--force', 'cl-l-1', 'cl-l-2')
    await rig.does('vm', 'start', 'cl-t')
    expect((await clone('cl-t', 'cl-u')).stderr).to.match(/^bay: cl-t is not off/)
    await rig.does('vm', 'stop', '--force', 'cl-t')
  })

  it('a seed: a new instance with a hostname of its own', async () => {
    const image = join(rig.files, 'cl.img')
    writeFileSync(image, Buffer.alloc(2 ** 20))
    await rig.does('vm', 'create', 'cl-s', '--virt', 'qemu', '--memory', '32M', '--graphics', 'none', '--image', image, '--user', 'anna', '--network', 'none', '--no-start')
    const { uuid } = await rig.json<Cloned>('vm', 'clone', 'cl-s', 'cl-s2')
    const iso = readFileSync(join(rig.folder, 'cl-s2-seed.iso'))
    expect(readIsoFile(iso, 'meta-data')?.toString()).to.contain(uuid).and.contain('local-hostname: cl-s2')
    expect(readIsoFile(iso, 'user-data')?.toString()).to.match(/^hostname: cl-s2$/m).and.contain('anna')
    expect(await stored('cl-s2')).to.match(/seed=["']default\/cl-s2-seed.iso["']/)
    await rig.does('vm', 'delete', '--yes', 'cl-s2')
    expect(await rig.virsh('vol-list', rig.pool)).to.contain('cl-s-seed.iso').and.not.contain('cl-s2')
  })

  it('refuses what is there, and leaves nothing when it is interrupted, killed, or the pool is full', async function () {
    this.timeout(600_000)
    expect((await clone('cl-a', 'cl-t')).code).to.equal(5)
    expect((await clone('cl-a', 'cl-a')).code).to.equal(2)
    expect((await clone('cl-none', 'cl-x')).code).to.equal(4)
    const before = await rig.everything()
    const points = process.env['BAY_TEST_LONG'] === '1' ? Array.from({ length: 11 }, (_, index) => index + 1) : [7]
    for (const point of points) {
      const stopped = await rig.bay(['vm', 'clone', 'cl-a', 'cl-x'], { env: { BAY_TEST_KILL_AT: `INT:${point}+` } })
      expect(stopped.code, stopped.stderr).to.be.oneOf(point > 9 ? [0, 130] : [130])
      if (stopped.code === 0) await rig.does('vm', 'delete', '--yes', 'cl-x')
      expect(await rig.everything(), `INT at ${point}`).to.deep.equal(before)
      const killed = await rig.bay(['vm', 'clone', 'cl-a', 'cl-x'], { env: { BAY_TEST_KILL_AT: `${point}+` } })
      await rig.does('recover')
      if (killed.signal === null || (await rig.everything()).join().includes('<name>cl-x<')) await rig.does('vm', 'delete', '--yes', 'cl-x')
      expect(await rig.everything(), `killed at ${point}`).to.deep.equal(before)
    }
    expect(lines(await rig.virsh('pool-list', '--all', '--name'))).to.have.length(1)
    const small = join(rig.host.dir, 'cl-small')
    await rig.host.does(['mkdir', '-p', small])
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    await rig.does('pool', 'create', 'cl-small', '--path', small)
    const full = await clone('cl-a', 'cl-x', '--pool', 'cl-small')
    expect(full.stderr).to.match(/^bay: the pool cl-small has .* left, and the disks take/m)
    expect(full.code).to.equal(1)
    expect(await rig.virsh('vol-list', 'cl-small')).to.not.contain('cl-x')
    await rig.does('pool', 'stop', 'cl-small')
    await rig.does('pool', 'delete', '--yes', 'cl-small')
    await rig.host.exec(['umount', small])
    expect(await rig.everything()).to.deep.equal(before)
  })
})
