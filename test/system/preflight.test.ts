import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { program } from '../lab/bay.js'
import type { Outcome } from '../lab/script.js'
import { newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const plain = ['--virt', 'qemu', '--graphics', 'none']
const small = [...plain, '--vcpus', '1', '--memory', '32M']
const empty = [...small, '--empty', '--disk', '1M']

interface Refusal { error: { code: string, message: string, findings?: { code: string, message: string, hint: string | null }[] } }

// All that stands in the way of a new machine is told at once, and nothing is made.
describe('what bay vm create looks at before it makes anything', function () {
  this.timeout(60_000)
  let rig: Rig
  before(async () => { rig = await newRig({ network: true }) })
  after(() => rig?.host.down())

  it('tells all that it finds, each with its fix', async () => {
    await rig.does('vm', 'create', 'pre-one', ...empty, '--no-start', '--mac', '52:54:00:00:00:01')
    const before = await rig.everything()
    const refused = await rig.bay(['vm', 'create', 'pre-two', ...plain, '--memory', '60T', '--vcpus', '500', '--iso', '/nowhere/x.iso', '--mac', '52:54:00:00:00:01',
      '--network', 'lan', '--network', 'bridge=br9', '--filter', 'nope', '--disk', '1M', '--disk', '1M,pool=fast', '--disk', '1M,pool=fast'])
    expect(refused).to.include({ code: 2, stdout: '' })
    const { stderr } = refused
    expect(stderr).to.match(/^bay: 7 things stand in the way \(/)
    const finding = /^ {2}- (.*)$/gm
    expect([...stderr.matchAll(finding)].map(([, text = '']) => text.replace(/which is .*|at most .*/, ''))).to.deep.equal([
      '--vcpus 500: this host\'s machines have ', '60T of memory is more than the host has, ', 'there is no network named lan',
      'there is no filter named nope', 'the machine pre-one has the MAC address 52:54:00:00:00:01', 'there is no pool named fast',
      '--iso /nowhere/x.iso: there is no such file, or it may not be read',
    ])
    expect(stderr).to.contain('      try: bay pool create --path DIR fast\n')
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('--dry-run ends with the same code, and in JSON the findings are a list', async () => {
    const refused = await rig.bay(['-o', 'json', 'vm', 'create', 'pre-one', ...empty, '--dry-run', '--network', 'lan', '--disk', '1M,pool=fast'])
    expect(refused.code).to.equal(4)
    const { error } = refused.json() as Refusal
    expect(error.findings?.map(({ code }) => code)).to.deep.equal(['exists', 'not-found', 'not-found'])
    expect(error.message).to.equal(error.findings?.map(({ message }) => message).join('; '))
    const one = await rig.bay(['-o', 'json', 'vm', 'create', 'pre-one', ...empty, '--dry-run'])
    expect(one.code).to.equal(5)
    expect((one.json() as Refusal).error).to.include({ code: 'exists', message: 'there is a machine pre-one already' }).and.not.have.property('findings')
  })

  it('a copy that has no room is refused; what may only grow too large is said', async () => {
    const grown = await rig.bay(['vm', 'create', 'pre-thin', ...small, '--empty', '--disk', '1P', '--no-start'])
    expect(grown).to.include({ code: 0 })
    expect(grown.stderr).to.match(/the disks may grow to 1P, and the pool default has .* left/)
    const mount = join(rig.files, 'tiny')
    mkdirSync(mount)
    const image = join(rig.files, 'full.raw')
    writeFileSync(image, Buffer.alloc(4 * 2 ** 20, 7))
    await inHost(rig, 'mount', '-t', 'tmpfs', '-o', 'size=3M,mode=755', 'tmpfs', mount)
    await rig.does('pool', 'create', 'tiny', '--path', mount)
    const refused = await rig.bay(['vm', 'create', 'pre-full', ...small, '--image', image, '--disk', '4M,pool=tiny', '--no-start'])
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.match(/^bay: the pool tiny has 3M left, and the disks take 4M at once .*\n {2}try: /)
    expect(await rig.virsh('vol-list', 'tiny')).to.equal('')
    await rig.does('pool', 'delete', '--yes', 'tiny')
  })

  it('starts a network that is stopped with --yes only, and only when all else is well', async () => {
    await rig.does('net', 'stop', 'default')
    const refused = await rig.bay(['vm', 'create', 'pre-net', ...empty, '--no-start'])
    expect(refused.code).to.equal(5)
    expect(refused.stderr).to.match(/^bay: the network default is not active .*\n {2}try: bay net start default\n/)
    const several = await rig.bay(['vm', 'create', 'pre-net', ...empty, '--yes', '--disk', '1M,pool=fast'])
    expect(several.code).to.equal(4)
    expect(several.stderr).to.contain('- the network default is not active')
    expect((await rig.bay(['vm', 'create', 'pre-net', ...empty, '--yes', '--dry-run'])).stderr).to.contain('would start the network default first')
    expect(await rig.virsh('net-list', '--inactive')).to.match(/default/)
    const made = await rig.bay(['vm', 'create', 'pre-net', ...empty, '--yes', '--no-start'])
    expect(made.code).to.equal(0)
    expect(made.stderr).to.contain('starting the network default first; that is not undone')
    expect(await rig.virsh('net-list', '--inactive')).to.equal('')
  })

  describe('when bay runs on the host itself', () => {
    /** Below the socket's folder is all that the host shares with the machine: its state folder is there too. */
    const onHost = (...args: string[]) => rig.host.exec(['env', `XDG_STATE_HOME=${join(rig.files, 'state')}`, `LIBVIRT_DEFAULT_URI=${rig.host.uri}`,
      process.execPath, program, ...args])

    it('finds bridges that are missing or none', async () => {
      await inHost(rig, 'ip', 'link', 'add', 'wire9', 'type', 'veth', 'peer', 'name', 'wire10')
      const refused = await onHost('vm', 'create', 'pre-bridge', ...empty, '--network', 'bridge=br9', '--network', 'bridge=wire9', '--network', 'bridge=virbr0')
      expect(refused.code).to.equal(2)
      expect(refused.stderr).to.contain('- there is no bridge br9 on this host\n').and.contain('- --network bridge=wire9: wire9 is no bridge\n').and.contain('2 things')
    })

    it('finds that a stopped network has the subnet of a device', async () => {
      await rig.does('net', 'create', 'clash', '--subnet', '10.89.0.0/24', '--no-start', '--no-autostart')
      await inHost(rig, 'ip', 'address', 'add', '10.89.0.7/24', 'dev', 'wire9')
      for (const end of ['wire9', 'wire10']) await inHost(rig, 'ip', 'link', 'set', end, 'up')
      const refused = await onHost('vm', 'create', 'pre-clash', ...empty, '--network', 'clash', '--yes')
      expect(refused.code).to.equal(5)
      expect(refused.stderr).to.match(/the network clash is not active and cannot be: 10\.89\.0\.0\/24 is the subnet of wire9/)
      const inVain = await rig.bay(['net', 'start', 'clash'])
      expect(inVain.code, 'libvirt says so too').not.to.equal(0)
    })

    it('finds what an earlier machine of that name left to libvirt', async () => {
      const folder = join(rig.host.dir, 'lib/qemu')
      for (const each of ['save', 'nvram']) mkdirSync(join(folder, each), { recursive: true })
      writeFileSync(join(folder, 'save/pre-left.save'), 'x')
      writeFileSync(join(folder, 'nvram/pre-left_VARS.fd'), 'x')
      const refused = await onHost('vm', 'create', 'pre-left', ...empty, '--firmware', 'uefi')
      expect(refused.code).to.equal(5)
      expect(refused.stderr).to.match(/an earlier machine pre-left left \S+\/save\/pre-left\.save, \S+\/nvram\/pre-left_VARS\.fd/)
      await rm(join(folder, 'save/pre-left.save'))
      expect(await onHost('vm', 'create', 'pre-left', ...empty, '--no-start')).to.include({ code: 0 })
    })

    // Where /dev/kvm is root's alone, a libvirtd whose QEMU is another user probes at each call, which takes some seconds.
    ;(long ? it : it.skip)('finds the folder that QEMU\'s user may not enter', async function () {
      this.timeout(180_000)
      writeFileSync(join(rig.host.dir, 'etc/qemu.conf'), 'user = "nobody"\ngroup = "nogroup"\nsecurity_driver = "none"\n')
      rig.host.kill('SIGTERM')
      await rig.host.restartDaemon()
      const disc = join(rig.files, 'x.iso')
      writeFileSync(disc, 'x')
      const refused = await onHost('vm', 'create', 'pre-closed', ...small, '--iso', disc, '--disk', '1M', '--network', 'none')
      expect(refused.code).to.equal(2)
      expect(refused.stderr).to.contain(`--iso ${disc}: QEMU runs as nobody, which may not enter the folder ${rig.host.dir}\n`)
      expect(refused.stderr).to.contain(`setfacl -m u:nobody:x ${rig.host.dir}`).and.contain('- the pool default is in ')
      chmodSync(rig.host.dir, 0o711)
      chmodSync(join(rig.host.dir, 'pools'), 0o711)
      expect((await onHost('vm', 'create', 'pre-closed', ...small, '--iso', disc, '--disk', '1M', '--network', 'none')).code).to.equal(0)
    })
  })
})

async function inHost(rig: Rig, ...command: string[]): Promise<Outcome> {
  const outcome = await rig.host.exec(command)
  if (outcome.code !== 0) throw new Error(`${command.join(' ')}: ${outcome.stderr}`)
  return outcome
}
