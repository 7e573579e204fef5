import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { UsageError, type BayError } from '../../src/errors.js'
import { FindingsError } from '../../src/findings.js'
import { wholeGroups } from '../../src/virt/ops/plan-pci.js'
import { parsePciAddresses } from '../../src/vm-flags.js'
import { serialize } from '../../src/xml/node.js'
import { formatPci, parsePciAddress, pciElement, pciNodeName, readPciDevice, readPciOfDomain, type PciAddress } from '../../src/xml/pci.js'
import { thrown } from './thrown.js'

const address = (text: string) => parsePciAddress(text, '--gpu ')

/** As a host's libvirt prints them: a GPU with its sound behind a bridge, one that shares its group, one without IOMMU. */
function look(where: PciAddress) {
  const file = new URL(`../fixtures/node-devices/${formatPci(where).replaceAll(':', '_')}.xml`, import.meta.url)
  return existsSync(file) ? readPciDevice(readFileSync(file, 'utf8')) : null
}

describe('a PCI address', () => {
  const same: Record<string, string> = {
    '0000:65:00.0': '0000:65:00.0', '65:00.1': '0000:65:00.1', '65:00': '0000:65:00.0', '00000000:65:1F.7': '0000:65:1f.7', '10000:01:00.0': '10000:01:00.0',
  }
  for (const [typed, meant] of Object.entries(same)) it(`${typed} is ${meant}`, () => expect(formatPci(address(typed))).to.equal(meant))

  for (const text of ['', '65', '65:00.8', '65:20.0', '0000:65:00.0 ', 'pci_0000_65_00_0', '0000:65:00:0', '-1:00.0', '0x65:00.0', '065:00.0']) {
    it(`${JSON.stringify(text)} is none`, () => expect(() => address(text)).to.throw(UsageError, `--gpu ${text} is no PCI address`))
  }

  it('is named as libvirt does, and given once', () => {
    expect(pciNodeName(address('0000:65:00.1'))).to.equal('pci_0000_65_00_1')
    expect(parsePciAddresses(undefined)).to.deep.equal([])
    expect(() => parsePciAddresses(['65:00.0', '0000:65:00.0'], '--gpu ')).to.throw(UsageError, '--gpu 0000:65:00.0 is given twice')
  })

  it('is read from a machine that has the device', () => {
    const device = serialize(pciElement(address('10000:65:1f.7')))
    expect(device).to.contain('managed="yes"')
    const domain = `<domain><devices><hostdev mode="subsystem" type="usb"><source><address bus="1" device="2"/></source></hostdev>${device}</devices></domain>`
    expect(readPciOfDomain(domain).map(formatPci)).to.deep.equal(['10000:65:1f.7'])
    const [source, others] = ['<source><address bus="0x0a" slot="0x01" function="0x2"/></source>', ['interface type="hostdev"', 'disk type="nvme"', 'interface type="user"']]
    const taken = others.flatMap((each) => readPciOfDomain(`<domain><devices><${each}>${source}</${each.split(' ')[0]}></devices></domain>`))
    expect(taken.map(formatPci)).to.deep.equal(['0000:0a:01.2', '0000:0a:01.2'])
  })
})

describe('a PCI device of the host', () => {
  it('is read with its driver and its IOMMU group', () => {
    const { iommuGroup, ...rest } = look(address('65:00.0')) ?? {}
    expect(rest).to.deep.equal({
      address: { domain: 0, bus: 0x65, slot: 0, function: 0 }, class: 0x030000, vendorId: '10de', productId: '2204',
      vendor: 'NVIDIA Corporation', product: 'GA102', driver: 'nvidia',
    })
    expect(iommuGroup?.number).to.equal(30)
    expect(iommuGroup?.members.map(formatPci)).to.deep.equal(['0000:64:00.0', '0000:65:00.0', '0000:65:00.1'])
  })

  it('is not what has no PCI capability', () => {
    expect(readPciDevice('<device><name>computer</name><capability type="system"/></device>')).to.equal(null)
  })
})

describe('a GPU for a machine', () => {
  const none = () => false
  const groups = (...texts: string[]) => wholeGroups({ asked: texts.map(address), say: '--gpu ', wholeCard: true }, look, none).map(formatPci)

  it('comes with the rest of its card, and not with the bridge above it', () => {
    expect(groups('65:00.0')).to.deep.equal(['0000:65:00.0', '0000:65:00.1'])
    expect(groups('65:00.1')).to.deep.equal(['0000:65:00.1', '0000:65:00.0'])
    expect(groups('65:00.0', '65:00.1')).to.deep.equal(['0000:65:00.0', '0000:65:00.1'])
  })

  it('comes whole where each function has a group of its own, and alone when only a function was asked for', () => {
    const apart = (where: PciAddress) => {
      const device = look(where)
      return device && { ...device, iommuGroup: { number: where.function, members: [where] } }
    }
    const all = (wholeCard: boolean) => wholeGroups({ asked: [address('65:00.0')], say: '', wholeCard }, apart, none).map(formatPci)
    expect(all(true)).to.deep.equal(['0000:65:00.0', '0000:65:00.1'])
    expect(all(false)).to.deep.equal(['0000:65:00.0'])
  })

  it('of which several are refused is told of all at once', async () => {
    const error = await thrown(() => groups('01:00.0', '0a:00.0', '64:00.0'))
    expect(error).to.be.instanceOf(FindingsError).and.have.property('message').that.contains('no IOMMU').and.contains('0a:03.0').and.contains('is a bridge')
  })

  it('that shares its group with other cards needs them too', async () => {
    const error = await thrown(() => groups('0a:00.0')) as BayError
    expect(error).to.include({ code: 'wrong-state', message: '--gpu 0000:0a:00.0: its IOMMU group 4 also has 0000:0a:03.0' })
    expect(error.hints[0]).to.contain('--gpu 0000:0a:03.0')
    expect(groups('0a:00.0', '0a:03.0')).to.deep.equal(['0000:0a:00.0', '0000:0a:03.0'])
  })

  it('is refused when there is none, no IOMMU, or it is a bridge', async () => {
    expect(await thrown(() => groups('7f:00.0'))).to.include({ code: 'usage', message: '--gpu 0000:7f:00.0: the host has no such PCI device' })
    expect(await thrown(() => groups('64:00.0'))).to.include({ code: 'usage' })
    const error = await thrown(() => groups('01:00.0')) as BayError
    expect(error).to.include({ code: 'wrong-state' })
    expect(error.hints.join()).to.contain('intel_iommu=on')
    // The host has one, and only this card is not behind it.
    const alone = await thrown(() => wholeGroups({ asked: [address('01:00.0')], say: '', wholeCard: true }, look, () => true)) as BayError
    expect(alone).to.include({ code: 'wrong-state' }).and.have.property('message').that.contains('is in no IOMMU group, though the host has an IOMMU')
  })
})
