import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { tinyGuest } from '../lab/guest.js'
import { run } from '../lab/script.js'
import { daemonKilledAt } from './daemon-killed.js'
import { newRig, until, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Row { vm: string, name: string, state: string, kind: string, parent: string | null, bytes: number }
interface Pruned { deleted: string[], kept: number, needed: number, changed: boolean }

// Into a pool all goes through libvirt: here the host is another one, as far as bay can tell.
describe('backups in a pool', function () {
  this.timeout(120_000)
  let rig: Rig
  let folder: string
  let asItWas: string[]

  before('a host with a pool for backups; a machine with UEFI, two disks, a password and an element of somebody else', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    folder = join(rig.host.dir, 'pools', 'safe')
    await rig.does('pool', 'create', 'safe', '--path', folder)
    await rig.does('vm', 'create', 'web', '--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--graphics', 'vnc', '--network', 'none', '--empty',
      '--firmware', 'uefi', '--disk', '16M', '--disk', '4M,format=raw', '--no-start')
    const xml = join(rig.files, 'web.xml')
    writeFileSync(xml, (await rig.virsh('dumpxml', '--inactive', '--security-info', 'web'))
      .replace('</uuid>', '</uuid><metadata><x:thing xmlns:x="urn:x">kept</x:thing></metadata>').replace(/<graphics type='vnc'/, '$& passwd="pw-7"'))
    await rig.virsh('define', xml)
    await rig.does('vm', 'autostart', 'web')
    // The first start makes its NVRAM.
    await rig.does('vm', 'start', 'web')
    await rig.does('vm', 'stop', '--force', 'web')
    asItWas = await stored('web')
  })
  after(() => rig?.host.down())

  const list = () => rig.json<Row[]>('backup', 'list', 'web', '--from', 'safe')
  const create = (...more: string[]) => rig.does('backup', 'create', 'web', '--to', 'safe', ...more)
  const disks = async (name: string) => [...(await rig.virsh('domblklist', name)).matchAll(/\S*pools\S+/g)].map(([path]) => path)
  const stored = async (name: string) => (await rig.virsh('dumpxml', '--inactive', '--security-info', name))
    .split('\n').filter((line) => !/<source file|<nvram|<driver name='qemu'/.test(line)).sort()
  const volumes = (pool = 'safe') => readdirSync(join(rig.host.dir, 'pools', pool)).sort()

  async function bitmaps(name: string): Promise<string[]> {
    const { stdout } = await run('qemu-img', ['info', '-U', '--output=json', (await disks(name))[0] ?? ''])
    const { 'format-specific': { data } } = JSON.parse(stdout) as { 'format-specific': { data: { bitmaps?: { name: string }[] } } }
    return (data.bitmaps ?? []).map((bitmap) => bitmap.name)
  }

  async function write(pattern: number): Promise<void> {
    for (const disk of await disks('web')) {
      const { code, stderr } = await run('qemu-io', ['-f', disk.endsWith('.img') ? 'raw' : 'qcow2', '-c', `write -P ${pattern} ${pattern * 100_000} 70000`, disk])
      expect(code, stderr).to.equal(0)
    }
  }

  async function same(copies: readonly string[], originals: readonly string[]): Promise<void> {
    for (const [index, copy] of copies.entries()) {
      const { code, stdout, stderr } = await run('qemu-img', ['compare', originals[index] ?? '', copy])
      expect(code, stdout + stderr).to.equal(0)
    }
  }

  it('a full and two incremental ones of a machine that is off, and of one that has a snapshot; each restores byte for byte', async () => {
    await write(1)
    expect(await create('--incremental')).to.match(/^vm web: full backup /)
    await write(2)
    expect(await create('--incremental')).to.match(/^vm web: incremental backup /)
    await write(3)
    await rig.does('snapshot', 'create', 'web', '--external', '--name', 's')
    await write(4)
    await create('--incremental')
    expect(await rig.state('web')).to.equal('shut off')
    const rows = await list()
    expect(rows.map(({ state }) => state)).to.deep.equal(['complete', 'complete', 'complete'])
    expect(JSON.parse(await rig.does('backup', 'verify', '--from', 'safe', '-o', 'json'))).to.satisfy((found: { ok: boolean }[]) => found.every(({ ok }) => ok))
    const nvrams = () => readdirSync(join(rig.host.dir, 'lib/qemu/nvram')).sort()
    expect(await rig.does('backup', 'restore', 'web', '--from', 'safe', '--to-name', 'again')).to.match(/^vm again: restored from /)
    await same(await disks('again'), await disks('web'))
    expect(nvrams()).to.deep.equal(['again_VARS.fd', 'web_VARS.fd'])
    expect((await rig.bay(['gc', '-o', 'json'])).stdout).to.not.contain('safe/')
    await rig.does('vm', 'delete', '--yes', 'again')
  })

  it('--replace: the old disks, the snapshot and the old variables go once the new are there; the rest of the machine stays', async () => {
    const refused = await rig.bay(['backup', 'restore', 'web', '--from', 'safe'])
    expect(refused.code, refused.stderr).to.equal(5)
    const [uuid, old] = [await rig.virsh('domuuid', 'web'), await disks('web')]
    await rig.does('vm', 'start', 'web')
    const running = await rig.bay(['backup', 'restore', 'web', '--from', 'safe', '--replace', '--yes'])
    expect(running.code, running.stderr).to.equal(5)
    expect(running.stderr).to.contain('--force')
    expect([await rig.state('web'), await disks('web')]).to.deep.equal(['running', old])
    await rig.does('vm', 'set', 'web', 'description=later')
    await rig.does('backup', 'restore', 'web', '--from', 'safe', '--replace', '--force', '--yes')
    expect([await rig.state('web'), await rig.virsh('domuuid', 'web'), await stored('web')]).to.deep.equal(['shut off', uuid, asItWas])
    expect(await rig.virsh('dominfo', 'web')).to.match(/Autostart:\s+enable/)
    expect(asItWas.join()).to.contain("passwd='pw-7'").and.contain('urn:x')
    expect(await rig.json('snapshot', 'list', 'web')).to.deep.equal([])
    expect(volumes('default')).to.deep.equal((await disks('web')).map((path) => path.split('/').at(-1)).sort())
    expect(readdirSync(join(rig.host.dir, 'lib/qemu/nvram'))).to.deep.equal(['web_VARS-2.fd'])
    // The machine starts with them, and a full one begins a new chain.
    await rig.does('vm', 'start', 'web')
    await rig.does('vm', 'stop', '--force', 'web')
    expect(await create('--incremental')).to.match(/^vm web: full backup /)
  })

  it('prune keeps what the kept ones build on, and takes checkpoints and bitmaps with it', async () => {
    await write(5)
    const kept = await rig.bay(['-o', 'json', 'backup', 'create', 'web', '--to', 'safe', '--incremental', '--keep', '1'])
    expect(kept.code, kept.stderr).to.equal(0)
    expect((kept.json() as { deleted: string[] }).deleted).to.have.length(3)
    expect((await list()).map(({ kind }) => kind)).to.deep.equal(['full', 'incremental'])
    await rig.does('backup', 'create', 'web', '--to', 'safe')
    const before = volumes()
    const shown = await rig.json<Pruned[]>('backup', 'prune', 'w*', '--from', 'safe', '--keep', '1', '--dry-run')
    expect(shown[0]).to.deep.include({ changed: true, kept: 1, needed: 0 })
    expect(volumes()).to.deep.equal(before)
    const asked = await rig.bay(['backup', 'prune', 'web', '--from', 'safe', '--keep', '1'])
    expect(asked.code, asked.stderr).to.equal(2)
    const pruned = await rig.json<Pruned>('backup', 'prune', 'web', '--from', 'safe', '--keep', '1', '--yes')
    expect(pruned.deleted).to.deep.equal(shown[0]?.deleted)
    expect(volumes()).to.have.length(before.length / 3)
    const [last] = await list()
    const checkpoints = (await rig.virsh('checkpoint-list', 'web', '--name')).split('\n').filter((line) => line !== '')
    expect(checkpoints).to.deep.equal([`bay-${last?.name}`])
    expect(await bitmaps('web')).to.deep.equal(checkpoints)
    expect(await rig.state('web')).to.equal('shut off')
    expect((await rig.json<Pruned>('backup', 'prune', 'web', '--from', 'safe', '--keep', '1', '--yes')).changed).to.equal(false)
    expect((await rig.bay(['backup', 'prune', 'wbe', '--from', 'safe', '--keep', '1', '--yes'])).code).to.equal(4)
  })

  it('killed at each point, of a machine that is off: bay recover leaves no volume, checkpoint, bitmap or job', async () => {
    const before = { volumes: volumes(), checkpoints: await rig.virsh('checkpoint-list', 'web', '--name'), bitmaps: await bitmaps('web') }
    const now = async () => ({ volumes: volumes(), checkpoints: await rig.virsh('checkpoint-list', 'web', '--name'), bitmaps: await bitmaps('web') })
    let points = 0
    for (let write = 1, ended = false; !ended; write += 1) {
      if (!long && ![8, 14].includes(write) && write < 15) continue
      const killed = await rig.bay(['backup', 'create', 'web', '--to', 'safe', '--incremental'], { env: { BAY_TEST_KILL_AT: `${write}+` } })
      ended = !long && write > 14 ? true : killed.signal !== 'SIGKILL'
      if (killed.signal !== 'SIGKILL') break
      points += 1
      const recovered = await rig.bay(['recover', '-o', 'json'])
      expect(recovered.code, recovered.stderr).to.equal(0)
      const finished = (recovered.json() as { result: string }[]).some(({ result }) => result === 'finished')
      if (finished || recovered.stdout.trim() === '[]') break
      expect(await rig.state('web'), `${write}+`).to.equal('shut off')
      expect(await now(), `${write}+: ${recovered.stdout}`).to.deep.equal(before)
    }
    expect(points).to.be.at.least(2)
  })

  it('a full pool, and a daemon that is killed midway: no volume, checkpoint, bitmap or job is left, and the machine is off', async () => {
    const full = join(rig.host.dir, 'pools', 'full')
    mkdirSync(full)
    expect((await rig.host.exec(['mount', '-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', full])).code).to.equal(0)
    await rig.does('pool', 'create', 'full', '--path', full)
    const now = async () => ({
      volumes: volumes(), full: (await rig.host.exec(['ls', full])).stdout, state: await rig.state('web'),
      checkpoints: await rig.virsh('checkpoint-list', 'web', '--name'), bitmaps: await bitmaps('web'),
    })
    const before = await now()
    const { code, stderr } = await rig.bay(['backup', 'create', 'web', '--to', 'full', '--incremental'])
    expect(code, stderr).to.equal(1)
    expect(stderr).to.match(/No space left|no space|failed/i)
    expect(await now()).to.deep.equal(before)
    const recovered = await daemonKilledAt(rig, 'writing its disks', ['backup', 'create', 'web', '--to', 'safe', '--incremental'])
    expect(await now(), recovered).to.deep.equal(before)
  })

  ;(long ? it : it.skip)('a running guest is quiesced by its agent; meanwhile a second run is busy; Ctrl-C leaves nothing', async () => {
    const { kernel, initrd, cmdline } = await tinyGuest('agent')
    await rig.does('vm', 'create', 'guest', '--virt', 'qemu', '--vcpus', '1', '--memory', '192M', '--graphics', 'none', '--kernel', kernel,
      '--initrd', initrd, '--cmdline', cmdline, '--network', 'none', '--disk', '300M', '--no-start')
    const [disk = ''] = await disks('guest')
    await run('qemu-io', ['-c', 'write -P 7 0 250M', disk])
    await rig.does('vm', 'start', 'guest')
    await rig.does('vm', 'wait', 'guest', '--for', 'agent')
    const before = volumes()
    const first = rig.start(['backup', 'create', 'guest', '--to', 'safe', '--quiesce'])
    await first.says('writing its disks')
    const busy = await rig.bay(['backup', 'create', 'guest', '--to', 'safe'], { env: { BAY_LOCK_TIMEOUT: '0' } })
    expect(busy.code, busy.stderr).to.equal(75)
    expect(busy.stderr).to.contain('another run is at work on the machine guest')
    first.kill('SIGINT')
    const ended = await first.done
    expect(ended.code, ended.stderr).to.equal(130)
    expect(volumes()).to.deep.equal(before)
    await until(async () => (await rig.virsh('domjobinfo', 'guest')).includes('None'))
    const done = await rig.json<{ manifest: { quiesced: boolean } }>('backup', 'create', 'guest', '--to', 'safe')
    expect(done.manifest.quiesced).to.equal(true)
    // Thawed, or the guest could not write this.
    await rig.does('vm', 'exec', 'guest', '--', 'true')
    expect(await rig.does('vm', 'exec', 'guest', '--', 'sh', '-c', 'echo thawed > /run/x; cat /run/x')).to.equal('thawed')
    await rig.does('vm', 'delete', '--yes', '--force', 'guest')
  })
})
