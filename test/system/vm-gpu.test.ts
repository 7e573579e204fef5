import { expect } from 'chai'
import { formatPci, readPciDevice } from '../../src/xml/pci.js'
import { lines, suiteRig, type Rig } from './rig.js'

// Devices of the host for a machine alone. The lab's host has no IOMMU, so what is tried here is how that is said; how cards and
// their groups are chosen is in test/unit/pci.test.ts.
describe('bay vm create --gpu on a host', function () {
  this.timeout(60_000)
  let rig: Rig
  const create = (gpu: string) => rig.bay(['vm', 'create', 'gp-1', '--empty', '--network', 'none', '--virt', 'qemu', '--no-start', '--gpu', gpu])

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
  })
  after(() => rig?.clean('gp-'))

  it('refuses a device that is not there, a bridge, and one that no IOMMU guards; nothing is made', async function () {
    const before = await rig.everything()
    expect(await create('ffff:ff:1f.7')).to.include({ code: 2, stdout: '' }).and.have.property('stderr').that.contains('no such PCI device')
    const names = lines(await rig.virsh('nodedev-list', '--cap', 'pci'))
    const devices = await Promise.all(names.map(async (name) => readPciDevice(await rig.virsh('nodedev-dumpxml', name))))
    for (const device of devices) {
      if (device === null || device.iommuGroup) continue
      const isBridge = device.class >> 16 === 0x06
      const { code, stderr } = await create(formatPci(device.address))
      expect(stderr).to.contain(isBridge ? 'is a bridge' : 'no IOMMU')
      expect(code).to.equal(isBridge ? 2 : 5)
    }
    expect(await rig.everything()).to.deep.equal(before)
  })
})
