import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lines, suiteRig, until, type Rig } from './rig.js'

interface Device { kind: string, target: string | null, mac: string | null, address: string | null, where: Record<'live' | 'config', boolean> }
interface Action { changed: boolean, device: Device, devices: Device[] }

// Devices that come and go, on one guest that runs and hears of them, and on one that is off.
describe('bay vm attach and detach', function () {
  this.timeout(120_000)
  let rig: Rig
  const act = (...args: string[]) => rig.json<Action>('vm', ...args)
  const both = async (name: string) => [await rig.virsh('dumpxml', name), await rig.virsh('dumpxml', '--inactive', '--security-info', name)] as const
  const secret = '<x:thing xmlns:x="urn:x">kept</x:thing>'

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('vm', 'create', 'at-1', ...rig.tiny, '--disk', '1M', '--network', 'default', '--no-start')
    const xml = (await rig.virsh('dumpxml', '--inactive', 'at-1')).replace('<devices>', `<devices><graphics type="vnc" port="-1" passwd="secret1"/>`)
    const file = join(rig.files, 'at-1.xml')
    await writeFile(file, xml.includes('<metadata>') ? xml.replace('<metadata>', `<metadata>${secret}`) : xml.replace('<os>', `<metadata>${secret}</metadata><os>`))
    await rig.virsh('define', file)
    await rig.does('vm', 'start', 'at-1')
    await rig.does('vm', 'wait', 'at-1', '--for', 'ip', '--timeout', '90s')
  })
  after(() => rig?.clean('at-'))

  it('a new disk is there now and at every start, at one address, and goes again when the guest lets go of it', async () => {
    const before = await both('at-1')
    const { changed, device } = await act('attach', 'disk', 'at-1', '--size', '2M', '--serial', 'data')
    expect({ changed, target: device.target, where: device.where }).to.deep.equal({ changed: true, target: 'vdb', where: { live: true, config: true } })
    for (const xml of await both('at-1')) expect(xml).to.contain('at-1-2.qcow2').and.contain('<serial>data</serial>')
    expect(device.address).to.match(/^0000:/)
    expect(await act('attach', 'disk', 'at-1', 'default/at-1-2.qcow2')).to.include({ changed: false })
    const { devices: [gone] } = await act('detach', 'at-1', 'vdb')
    expect(gone?.where).to.deep.equal({ live: false, config: false })
    expect(await both('at-1')).to.deep.equal(before)
    expect(before[1]).to.contain('urn:x').and.contain('secret1')
    const again = await rig.bay(['vm', 'detach', 'at-1', 'vdb'])
    expect(again.code).to.equal(4)
    expect(again.stderr).to.contain('vda (disk)')
  })

  it('a volume of another machine is refused, and nothing is changed', async () => {
    await rig.does('vm', 'create', 'at-2', ...rig.deaf, '--no-start', '--network', 'none')
    const before = await rig.everything()
    const refused = await rig.bay(['vm', 'attach', 'disk', 'at-2', 'default/at-1.qcow2'])
    expect(refused).to.include({ code: 5, stdout: '' })
    expect(refused.stderr).to.contain('other machines use').and.contain('at-1')
    for (const line of ['attach disk at-1 --size 1M --bus sata', 'attach nic at-1 --network default --vlan 5', 'attach nic at-1 --network nowhere', 'detach at-1 vdq']) {
      expect((await rig.bay(['vm', ...line.split(' ')])).code, line).to.be.oneOf([2, 4, 5])
    }
    expect(await act('attach', 'disk', 'at-1', '--size', '1M', '--dry-run')).to.include({ changed: true })
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('what fails while it runs is not in the definition either, and its new volume is gone', async () => {
    const before = await rig.everything()
    // The definition is taken, for nobody looks at the file before QEMU does: it is a folder.
    const refused = await rig.bay(['vm', 'attach', 'disk', 'at-1', rig.files, '--format', 'raw'])
    expect(refused.code).not.to.equal(0)
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('an interface has one MAC in both places', async () => {
    const { device } = await act('attach', 'nic', 'at-1', '--network', 'default')
    expect(device.where).to.deep.equal({ live: true, config: true })
    for (const flag of [[], ['--inactive']]) expect(await rig.virsh('domiflist', ...flag, 'at-1')).to.contain(device.mac)
    expect(await act('attach', 'nic', 'at-1', '--network', 'default', '--mac', device.mac ?? '')).to.include({ changed: false })
    await act('detach', 'at-1', device.mac ?? '')
    await until(async () => lines(await rig.virsh('domiflist', 'at-1')).length === 1)
  })

  it('a machine that is off gets a drive with a disc, and keeps the drive without it', async () => {
    const disc = join(rig.files, 'at.iso')
    await writeFile(disc, Buffer.alloc(2048))
    const inserted = await act('attach', 'cdrom', 'at-2', disc)
    expect(inserted.device).to.include({ kind: 'cdrom' })
    expect(await act('attach', 'cdrom', 'at-2', disc)).to.include({ changed: false })
    expect(await act('detach', 'cdrom', 'at-2')).to.include({ changed: true })
    expect(await act('detach', 'cdrom', 'at-2')).to.include({ changed: false })
    await rig.does('vm', 'start', 'at-2')
    expect((await act('attach', 'cdrom', 'at-2', disc)).device.where).to.deep.equal({ live: true, config: true })
    expect(await rig.virsh('domblklist', 'at-2')).to.contain(disc)
    expect(await act('detach', 'cdrom', 'at-2')).to.include({ changed: true })
  })

  it('a guest that hears nothing keeps its device, and its definition too', async () => {
    await act('attach', 'disk', 'at-2', '--size', '1M')
    const before = await both('at-2')
    const late = await rig.bay(['vm', 'detach', 'at-2', 'vdb', '--timeout', '1s'])
    expect(late.code).to.equal(124)
    expect((await both('at-2'))[1]).to.equal(before[1])
    await act('detach', 'at-2', 'vdb', '--next-start')
    expect((await both('at-2'))[1]).not.to.contain('at-2-2.qcow2')
  })
})
