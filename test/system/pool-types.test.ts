import { existsSync, mkdirSync } from 'node:fs'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { secretUsage } from '../../src/virt/flags.js'
import { bayEnvironment, program } from '../lab/bay.js'
import { lab, run, type Outcome } from '../lab/script.js'
import { lines, suiteRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

/**
 * Pools on real devices and on a real iSCSI server. The kernel of a test machine may lack the device mapper, so no logical
 * volume is made; and it may lack NFS, so netfs is held against libvirt's schema only (goldens.test.ts).
 */
describe('bay pool create on devices and servers', function () {
  this.timeout(60_000)
  let rig: Rig
  let folder: string
  const loops: string[] = []
  const at = (name: string) => join(folder, name)
  const create = (...args: string[]) => rig.bay(['pool', 'create', ...args])
  const names = async () => lines(await rig.virsh('pool-list', '--all', '--name')).map((name) => name.trim())
  const inHost = async (...command: string[]): Promise<Outcome> => await rig.host.exec(command)
  /** As typed on the host itself, whose devices can be looked at. */
  const onHost = (...args: string[]) => {
    const environment = Object.entries(bayEnvironment({})).map(([key, value]) => `${key}=${value}`)
    return inHost('env', ...environment, process.execPath, program, '-c', 'qemu:///system', ...args)
  }

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    folder = join(rig.host.dir, 'ty')
    mkdirSync(folder)
    for (const name of ['fs', 'lv', 'disk']) {
      await writeFile(at(`${name}.img`), '')
      await truncate(at(`${name}.img`), 32 * 2 ** 20)
      const { code, stdout, stderr } = await run('losetup', ['--find', '--show', at(`${name}.img`)])
      if (code !== 0) throw new Error(`no loop device: ${stderr}`)
      loops.push(stdout.trim())
    }
  })
  after(async () => {
    for (const name of (await names()).filter((each) => each.startsWith('ty-'))) {
      await rig.virsh('pool-destroy', name).catch(() => undefined)
      await rig.virsh('pool-undefine', name).catch(() => undefined)
    }
    await run('vgremove', ['--force', 'bay-ty-vg'])
    for (const loop of loops) await run('losetup', ['--detach', loop])
  })

  it('fs: made where nothing is, taken as it is the next time, and never made over', async () => {
    const [device = ''] = loops
    const asked = ['ty-fs', '--type', 'fs', '--path', at('mnt'), '--source-device', device]
    const bare = await create(...asked)
    expect(bare, bare.stderr).to.include({ code: 1 })
    expect(bare.stderr).to.contain('wrong fs type').and.contain('try: if there is no file system yet: --build makes one on a blank device')
    expect(existsSync(at('mnt')), 'the folder goes again').to.equal(false)
    expect(await names()).not.to.include('ty-fs')
    const built = await create(...asked, '--format', 'ext4', '--build', '--json')
    expect(built.json(), built.stderr).to.include({ changed: true, type: 'fs', built: true, active: true, autostart: true })
    await rig.does('vol', 'create', 'ty-fs/kept.img', '--size', '1M', '--format', 'raw')
    const twice = await create('ty-other', ...asked.slice(1, 3), '--path', at('mnt2'), '--source-device', device)
    expect(twice).to.include({ code: 5 })
    expect(twice.stderr).to.contain(`the pool ty-fs has the device ${device} already`)
    await rig.does('pool', 'delete', 'ty-fs')
    const other = await create(...asked, '--format', 'xfs', '--build')
    expect(other, other.stderr).to.include({ code: 5 })
    expect(other.stderr).to.contain(`${device} is not blank`).and.contain('--overwrite makes it anew; all that is on it is lost')
    expect(await create(...asked, '--format', 'ext4', '--overwrite')).to.include({ code: 2 })
    const again = await create(...asked, '--format', 'ext4', '--build', '--json')
    expect(again.json(), again.stderr).to.include({ built: false, active: true })
    expect(await rig.json('vol', 'show', 'ty-fs/kept.img')).to.include({ capacity: 2 ** 20 })
    await rig.does('pool', 'delete', 'ty-fs')
    expect((await create(...asked, '--format', 'ext4', '--overwrite', '--yes', '--json')).json()).to.include({ built: true })
    expect(await rig.does('vol', 'list', 'ty-fs', '-q')).not.to.contain('kept.img')
    await rig.does('pool', 'delete', 'ty-fs')
  })

  it('logical and disk: the same, and a step that fails leaves neither volume group nor partition table', async () => {
    const [, group = '', disk = ''] = loops
    const logical = ['--type', 'logical', '--source-name', 'bay-ty-vg', '--source-device', group]
    expect((await create('ty-lv', ...logical)).stderr).to.contain('--build makes one on a blank device')
    const types: [name: string, args: string[], looks: () => Promise<Outcome>][] = [
      ['ty-lv', logical, () => run('vgs', ['bay-ty-vg'])], ['ty-disk', ['--type', 'disk', '--source-device', disk], () => run('blkid', ['-p', disk])],
    ]
    for (const [name, args, look] of types) {
      if (name === 'ty-lv' || long) {
        // The sixth write of the journal says that it was made.
        const stopped = await rig.bay(['pool', 'create', name, ...args, '--build'], { env: { BAY_TEST_KILL_AT: 'INT:6+' } })
        expect(stopped, `${name} ${stopped.stderr}`).to.include({ code: 130 })
        expect((await look()).code, name).not.to.equal(0)
        expect(await names()).not.to.include(name)
      }
      const built = await create(name, ...args, '--build', '--json')
      expect(built.json(), built.stderr).to.include({ built: true, active: true })
      expect((await look()).code, name).to.equal(0)
      await rig.does('pool', 'delete', name)
      expect((await create(name, ...args, '--build', '--json')).json()).to.include({ built: false, active: true })
    }
    await rig.does('vol', 'create', `ty-disk/${disk.slice('/dev/'.length)}p1`, '--size', '4M')
    await rig.does('pool', 'delete', 'ty-disk')
    const label = await create('ty-disk', '--type', 'disk', '--source-device', disk, '--format', 'dos', '--build')
    expect(label, label.stderr).to.include({ code: 5 })
    await rig.does('pool', 'delete', 'ty-lv')
  })

  it('on the host itself: no device, no block device, mounted, a machine\'s', async () => {
    const [device = ''] = loops
    const fs = (...args: string[]) => onHost('pool', 'create', 'ty-own', '--type', 'fs', '--path', at('own'), ...args)
    const [missing, file] = await Promise.all([fs('--source-device', '/dev/bay-none'), fs('--source-device', at('fs.img'))])
    expect(missing).to.include({ code: 2 })
    expect(missing.stderr).to.contain('there is no /dev/bay-none on this host')
    expect(file).to.include({ code: 2 })
    expect(file.stderr).to.contain(`${at('fs.img')} is no block device`)
    await inHost('mkdir', at('else'))
    await inHost('mount', device, at('else'))
    const mounted = await onHost('pool', 'create', 'ty-own', '--type', 'disk', '--source-device', device, '--overwrite', '--yes')
    await inHost('umount', at('else'))
    expect(mounted).to.include({ code: 5 })
    expect(mounted.stderr).to.contain(`${device} is in use: mounted at ${at('else')}`)
    await rig.virsh('define', await machineOn(device))
    const taken = await create('ty-own', '--type', 'fs', '--path', at('own'), '--source-device', device)
    await rig.virsh('undefine', 'ty-vm')
    expect(taken).to.include({ code: 5 })
    expect(taken.stderr).to.contain(`machines have ${device} as a disk: ty-vm`)
    expect(await names()).not.to.include('ty-own')
  })

  it('iscsi-direct: a server of its own, with a password that libvirt keeps', async () => {
    await iscsiServer()
    const args = ['--type', 'iscsi-direct', '--source-host', '127.0.0.1', '--source-device', 'iqn.2024-01.test.bay:disks', '--initiator', 'iqn.2024-01.test.bay:me']
    const refused = await create('ty-san', ...args)
    expect(refused, refused.stderr).to.include({ code: 1 })
    const auth = ['--auth-user', 'bay', '--auth-secret', 'ty-san']
    const unknown = await create('ty-san', ...args, ...auth)
    expect(unknown).to.include({ code: 4 })
    expect(unknown.stderr).to.contain('the host has no secret for the iscsi use "ty-san"')
    using host = await Connection.open(rig.host.uri)
    using secret = host.defineSecret('<secret ephemeral="no" private="yes"><usage type="iscsi"><target>ty-san</target></usage></secret>')
    secret.setValue(Buffer.from('correct horse'))
    const made = await create('ty-san', ...args, ...auth, '--json')
    expect(made.json(), made.stderr).to.include({ active: true, path: null, built: false })
    expect(await rig.json('vol', 'show', 'ty-san/unit:0:0:1')).to.include({ type: 'network' }).and.have.property('capacity').above(30e6)
    using byUsage = host.secretByUsage(secretUsage.iscsi, 'ty-san')
    using byUuid = host.secretByUuid(secret.uuid())
    using secrets = host.secrets()
    expect([byUsage.uuid(), secrets.map((each) => each.uuid()).includes(byUuid.uuid())]).to.deep.equal([secret.uuid(), true])
    expect(byUuid.xml()).to.contain('ty-san').and.not.contain('horse')
    await rig.does('pool', 'delete', 'ty-san')
    secret.undefine()
  })

  async function machineOn(device: string): Promise<string> {
    const path = at('vm.xml')
    await writeFile(path, `<domain type="qemu"><name>ty-vm</name><memory>65536</memory><os><type>hvm</type></os><devices>
      <disk type="block"><source dev="${device}"/><target dev="vda"/></disk></devices></domain>`)
    return path
  }

  /** tgtd needs neither a kernel module nor a place outside the host. */
  async function iscsiServer(): Promise<void> {
    await writeFile(at('lun'), '')
    await truncate(at('lun'), 32 * 2 ** 20)
    const must = async (...command: string[]) => {
      const { code, stderr } = await inHost(...command)
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
    }
    const programs = join(await lab('unpacked.sh', ['tgt'], { timeout: 120_000 }), 'usr/sbin')
    const tgtadm = (...args: string[]) => must(join(programs, 'tgtadm'), '--lld', 'iscsi', ...args)
    await must('mkdir', '-p', '/run/tgtd')
    await must(join(programs, 'tgtd'), '--iscsi', 'portal=127.0.0.1:3260')
    await must('bash', '-c', 'until "$0" --lld iscsi --op show --mode target >/dev/null 2>&1; do sleep 0.05; done', join(programs, 'tgtadm'))
    await tgtadm('--op', 'new', '--mode', 'target', '--tid', '1', '-T', 'iqn.2024-01.test.bay:disks')
    await tgtadm('--op', 'new', '--mode', 'logicalunit', '--tid', '1', '--lun', '1', '-b', at('lun'))
    await tgtadm('--op', 'bind', '--mode', 'target', '--tid', '1', '-I', 'ALL')
    await tgtadm('--op', 'new', '--mode', 'account', '--user', 'bay', '--password', 'correct horse')
    await tgtadm('--op', 'bind', '--mode', 'account', '--tid', '1', '--user', 'bay')
  }
})
