import { expect } from 'chai'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BayResult } from '../lab/bay.js'
import { reviveDaemon } from './revive-daemon.js'
import { newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Device { target: string | null, mac: string | null, where: { live: boolean, config: boolean } }
interface Action { changed: boolean, device: Device }

// What fails, is interrupted or is killed while devices come and go: they are in both places, or in neither.
describe('bay vm attach and detach: faults', function () {
  this.timeout(long ? 900_000 : 120_000)
  let rig: Rig
  let state: string
  let asItWas: string[]
  const runs = 'af-runs'
  const off = 'af-off'
  const run = (line: string, env: Record<string, string> = {}): Promise<BayResult> => rig.bay(line.split(' '), { env: { XDG_STATE_HOME: state, ...env } })
  const both = (name: string) => Promise.all([rig.virsh('dumpxml', name), rig.virsh('dumpxml', '--inactive', name)])
  const everything = async () => [...await rig.everything(), ...await both(runs)]
  const does = async (line: string) => {
    const done = await run(`${line} -o json`)
    expect(done.code, `${line}: ${done.stderr}`).to.equal(0)
    return done.json() as Action
  }

  before('a machine that runs and hears nothing, with a drive, and one that is off', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: true })
    state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    await writeFile(join(rig.files, 'af.iso'), Buffer.alloc(2048))
    await Promise.all([runs, off].map((name) => rig.does('vm', 'create', name, ...rig.deaf, '--network', 'none', '--no-start')))
    await rig.does('vm', 'attach', 'cdrom', runs, join(rig.files, 'af.iso'))
    await rig.does('vm', 'detach', 'cdrom', runs)
    await rig.does('vm', 'start', runs)
    asItWas = await everything()
  })
  after(async () => {
    await rig?.host.down()
    if (state) rmSync(state, { recursive: true })
  })

  async function asBefore(when: string): Promise<void> {
    expect(await everything(), when).to.deep.equal(asItWas)
    expect(readdirSync(join(state, 'bay/journal')), when).to.be.empty
  }

  const disk = `vm attach disk ${runs} --size 1M,name=af-new.qcow2 --bus usb`

  it('a run that is killed leaves the device in both places or in neither, once recovered', async () => {
    const points = long ? [1, 2, 3, 4, 5, 6, 7].flatMap((number) => [`${number}-`, `${number}+`]) : ['6-']
    for (const at of points) {
      expect((await run(disk, { BAY_TEST_KILL_AT: at })).signal, at).to.equal('SIGKILL')
      expect((await run('recover')).code, at).to.equal(0)
      if (at === '7+') await does(`vm detach ${runs} sdb`).then(() => rig.virsh('vol-delete', 'af-new.qcow2', rig.pool))
      await asBefore(`killed at ${at}`)
    }
    const nic = `vm attach nic ${runs} --network default`
    expect((await run(nic, { BAY_TEST_KILL_AT: '3-' })).signal).to.equal('SIGKILL')
    expect((await both(runs))[1]).to.contain('<interface')
    expect((await run('recover')).code).to.equal(0)
    await asBefore('a network interface')
    expect((await run(`vm attach cdrom ${runs} ${join(rig.files, 'af.iso')}`, { BAY_TEST_KILL_AT: '2+' })).signal).to.equal('SIGKILL')
    expect((await both(runs)).map((xml) => xml.includes('af.iso'))).to.deep.equal([false, true])
    expect((await run('recover')).code).to.equal(0)
    await asBefore('a disc')
  })

  it('what a killed run began, the same command completes, and recovery leaves alone', async () => {
    const line = `vm attach nic ${runs} --network default --mac 52:54:00:0a:f0:01`
    expect((await run(line, { BAY_TEST_KILL_AT: '3-' })).signal).to.equal('SIGKILL')
    expect((await does(line)).device.where).to.deep.equal({ live: true, config: true })
    expect((await run('recover')).code).to.equal(0)
    for (const xml of await both(runs)) expect(xml).to.contain('52:54:00:0a:f0:01')
    // The next one finds the slot that it had.
    await rig.virsh('destroy', runs)
    await does(`vm detach ${runs} 52:54:00:0a:f0:01`)
    await rig.does('vm', 'start', runs)
    asItWas = await everything()
  })

  it('a detach that is killed once the guest let go gives the device back', async () => {
    await does(disk)
    const had = await everything()
    expect((await run(`vm detach ${runs} sdb`, { BAY_TEST_KILL_AT: '2+' })).signal).to.equal('SIGKILL')
    expect((await both(runs)).map((xml) => xml.includes('af-new.qcow2'))).to.deep.equal([false, true])
    expect((await run('recover')).code).to.equal(0)
    expect((await both(runs)).map((xml) => xml.includes('af-new.qcow2'))).to.deep.equal([true, true])
    expect((await rig.everything()).length).to.equal(had.length - 2)
    await does(`vm detach ${runs} sdb`)
    await rig.virsh('vol-delete', 'af-new.qcow2', rig.pool)
    await asBefore('after a detach')
  })

  it('Ctrl-C and SIGTERM in the middle leave nothing', async () => {
    for (const [at, code] of [...long ? [['INT:2+', 130], ['INT:4+', 130]] as const : [], ['TERM:6+', 143] as const]) {
      expect(await run(disk, { BAY_TEST_KILL_AT: at }), at).to.include({ code })
      await asBefore(at)
    }
  })

  it('a disk that is full, and a daemon that dies: nothing is left, or recovery removes it', async () => {
    const tiny = join(rig.host.dir, 'pools/af-tiny')
    await rig.does('pool', 'create', 'af-tiny', '--path', tiny)
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', tiny])
    const full = await run(`${disk.replace('af-new.qcow2', 'af-new.qcow2,pool=af-tiny')}`)
    expect(full.code, full.stderr).to.be.oneOf([1, 5])
    expect(full.stderr).to.match(/space|room|free/i)
    expect((await rig.host.exec(['ls', tiny])).stdout.trim()).to.equal('')
    await rig.host.exec(['umount', tiny])
    await rig.does('pool', 'delete', '--yes', 'af-tiny')
    await asBefore('a full disk')
    const running = rig.start(disk.split(' '), { env: { XDG_STATE_HOME: state } })
    await running.says('creating the volume')
    rig.host.kill('SIGKILL')
    const lost = await running.done
    expect(lost.code, lost.stderr).to.be.oneOf([6, 9])
    await reviveDaemon(rig.host, 'af')
    expect((await run('recover')).code).to.equal(0)
    await asBefore('a daemon that died')
  })

  it('what cannot be shared is refused with --shareable too; a raw disk may be, by all who say so', async () => {
    await rig.does('vol', 'create', 'default/af-raw.img', '--size', '1M', '--format', 'raw')
    await does(`vm attach disk ${runs} default/af-raw.img --shareable --bus usb`)
    const refused = await run(`vm attach disk ${off} default/${runs}.qcow2 --shareable`)
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain('only a raw disk can be shared, and this one is qcow2')
    expect(await run(`vm attach disk ${off} default/af-raw.img`)).to.include({ code: 5 })
    expect(await does(`vm attach disk ${off} default/af-raw.img --shareable`)).to.include({ changed: true })
    for (const name of [runs, off]) await does(`vm detach ${name} ${name === runs ? 'sdb' : 'vdb'}`)
    await does(`vm attach disk ${runs} default/af-raw.img --bus usb`)
    const alone = await run(`vm attach disk ${off} default/af-raw.img --shareable`)
    expect(alone.stderr).to.contain(`${runs} must have it as shareable too`)
    await does(`vm detach ${runs} sdb`)
    await rig.does('vol', 'create', 'default/af-layer.qcow2', '--size', '1M', '--backing', 'default/af-raw.img')
    expect((await run(`vm attach disk ${off} default/af-raw.img --shareable`)).stderr).to.contain('volumes are layers over')
    for (const volume of ['af-layer.qcow2', 'af-raw.img']) await rig.virsh('vol-delete', volume, rig.pool)
    await asBefore('shared disks')
  })

  it('an interface has all that was asked for, running and stored; a transient machine has it until it is off', async () => {
    const nic = '--network default --filter clean-traffic --isolated --link down'
    for (const name of [runs, off]) {
      const { device } = await does(`vm attach nic ${name} ${nic}`)
      for (const xml of name === runs ? await both(name) : [await rig.virsh('dumpxml', name)]) {
        for (const part of [`<filterref filter='clean-traffic'/>`, `<port isolated='yes'/>`, `<link state='down'/>`]) expect(xml, name).to.contain(part)
      }
      await does(`vm detach ${name} ${device.mac} --next-start`)
    }
    await does(`vm attach nic ${off} --network default --mac 52:54:00:0a:f0:02 --bandwidth in=10M,out=100Mbit`)
    expect(await rig.virsh('dumpxml', off)).to.match(/<inbound average='104\d\d'\/>\s*<outbound average='12500'\/>/)
    await does(`vm detach ${off} 52:54:00:0a:f0:02`)
    const file = join(rig.files, 'af-transient.xml')
    await writeFile(file, `<domain type='qemu'><name>af-gone</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>`)
    await rig.virsh('create', file)
    expect((await does(`vm attach disk af-gone --size 1M --bus usb`)).device.where).to.deep.equal({ live: true, config: false })
    expect(await run('vm attach disk af-gone --size 1M --next-start')).to.include({ code: 5 })
    await does('vm detach af-gone sda')
    await rig.virsh('destroy', 'af-gone')
  })
})
