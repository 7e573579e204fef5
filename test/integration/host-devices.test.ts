import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { BayError } from '../../src/errors.js'
import { domainXml } from '../../src/virt/flags.js'
import { attachHostDevice, type AttachHostDeviceOptions, type HostDeviceWanted } from '../../src/virt/ops/attach-host-device.js'
import { parsePciAddresses } from '../../src/vm-flags.js'
import { parseUsbName } from '../../src/xml/usb.js'
import { bay, type BayResult } from '../lab/bay.js'
import { SandboxHost } from './sandbox-host.js'

interface Row { address: string, kind: string, class: string, usedBy: string[], hostUses: string[], iommuGroup: number | null }
interface Action { changed: boolean, devices: { source: string, where: { live: boolean, config: boolean } }[] }

/** A host with the devices of test/fixtures/node-devices: libvirt's test driver reads them, and forgets their drivers. */
function hostWithDevices(): SandboxHost {
  const folder = new URL('../fixtures/node-devices/', import.meta.url)
  const devices = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'))
  const system = `<device><name>computer</name><capability type='system'><hardware><uuid>4d6a0e66-14b5-4a9b-8cbd-0e5c7c8e9c11</uuid></hardware><firmware/></capability></device>`
  const machine = (name: string, state: number, uuid: string = randomUUID()) => `<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><test:runstate>${state}</test:runstate>`
    + `<name>${name}</name><uuid>${uuid}</uuid><metadata><x:thing xmlns:x='urn:x'>kept</x:thing></metadata><memory>8192</memory><os><type arch='x86_64'>hvm</type></os></domain>`
  const host = new SandboxHost()
  writeFileSync(host.file, `<node>${system}${devices.join('')}${machine('off', 5)}${machine('other', 5)}${machine('runs', 1)}</node>`, { mode: 0o600 })
  return host
}

const pci = (...asked: string[]) => ({ kind: 'pci', asked: parsePciAddresses(asked) } as const)
const usb = (name: string, { optional = false } = {}) => ({ kind: 'usb', usb: parseUsbName(name), optional } as const)

async function failure(work: () => Promise<unknown>): Promise<BayError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof BayError) return error
  }
  throw new Error('it did not fail')
}

describe('devices of a host', function () {
  this.timeout(60_000)
  let host: SandboxHost
  const run = (line: string): Promise<BayResult> => bay(['-c', host.uri, ...line.split(' ')])
  const json = async <T>(line: string): Promise<T> => (await run(`${line} -o json`)).json() as T
  const list = async (...flags: string[]) => new Map((await json<Row[]>(['host devices', ...flags].join(' '))).map((row) => [row.address, row]))
  const stored = (name: string) => host.look((connection) => {
    using domain = connection.domain(name)
    return domain.xml(domainXml.inactive)
  })
  type More = Partial<AttachHostDeviceOptions>
  const attach = (name: string, wanted: HostDeviceWanted, more: More = {}) => host.change(async (connection) => {
    using domain = connection.domain(name)
    return await attachHostDevice(connection, domain, wanted, { nextStart: false, dryRun: false, force: false, ...more })
  })
  beforeEach(() => { host = hostWithDevices() })
  afterEach(() => host[Symbol.dispose]())

  it('are listed with their kind, group and user, all or some', async () => {
    const all = await list()
    expect([...all.keys()]).to.deep.equal([
      '0000:01:00.0', '0000:0a:00.0', '0000:0a:03.0', '0000:64:00.0', '0000:65:00.0', '0000:65:00.1', '1.1', '1.2', '1.4', '1.7',
    ])
    expect(all.get('0000:65:00.0')).to.deep.include({
      kind: 'pci', class: 'display', vendor: 'NVIDIA Corporation', product: 'GA102', vendorId: '10de', productId: '2204', iommuGroup: 30, usedBy: [], hostUses: [],
    })
    expect(all.get('1.2')).to.deep.include({ kind: 'usb', class: null, hostUses: ['/dev/sdb'] })
    expect(all.get('1.1')).to.deep.include({ class: 'hub', hostUses: [] })
    expect(all.get('0000:0a:03.0')?.hostUses).to.deep.equal(['enp10s3'])
    expect([...(await list('--gpu')).keys()]).to.deep.equal(['0000:01:00.0', '0000:0a:00.0', '0000:65:00.0', '0000:65:00.1'])
    expect((await run('host devices --usb -q')).stdout).to.equal('1.1\n1.2\n1.4\n1.7\n')
    expect((await run('host devices --gpu --columns address,iommuGroup --no-headers --filter iommuGroup=30')).stdout).to.equal('0000:65:00.0   30\n0000:65:00.1   30\n')
    expect((await run('host devices --gpu -o xml --filter address=0000:65:00.0')).stdout).to.contain('<name>pci_0000_65_00_0</name>')
  })

  it('a graphics card comes and goes whole, once, whatever its address is written like', async () => {
    const before = await stored('off')
    expect(await json('vm attach gpu off 00000000:65:00.0 --dry-run')).to.include({ changed: true })
    const attached = await json<Action>('vm attach gpu off 00000000:65:00.0')
    expect(attached.devices.map(({ source, where }) => [source, where.config, where.live])).to.deep.equal([['0000:65:00.0', true, false], ['0000:65:00.1', true, false]])
    expect(await json('vm attach gpu off 65:00')).to.include({ changed: false })
    expect((await list('--gpu')).get('0000:65:00.1')?.usedBy).to.deep.equal(['off'])
    const other = await run('vm attach gpu other 65:00.1')
    expect(other).to.include({ code: 0 })
    expect(other.stderr).to.contain('0000:65:00.0 is also the machine off\'s: only one of them can run at a time')
    expect(await json('vm detach off 65:00')).to.include({ changed: true })
    expect(await stored('off')).to.equal(before).and.to.contain('urn:x')
    expect((await run('vm detach off 65:00')).code).to.equal(4)
  })

  it('all that stands in the way is told at once, and nothing is changed', async () => {
    const before = await stored('off')
    const refused = await run('vm attach gpu off 01:00.0 0a:00.0 64:00.0 7f:00.0')
    expect(refused).to.include({ code: 2, stdout: '' })
    for (const why of ['4 things stand in the way', 'no IOMMU', 'its IOMMU group 4 also has 0000:0a:03.0', '64:00.0 is a bridge', 'no such PCI device']) {
      expect(refused.stderr).to.contain(why)
    }
    const nic = pci('0a:03.0', '0a:00.0')
    expect(await failure(() => attach('off', { ...nic, asked: nic.asked.slice(0, 1) }))).to.include({ code: 'wrong-state' })
    expect(await failure(() => attach('off', { ...pci('0a:03.0'), kind: 'gpu' }))).to.have.property('message').that.contains('0a:03.0 is no graphics card')
    // What the host has on it is told too; until the machine starts it may keep that.
    const { changed, notes } = await attach('off', nic, { dryRun: true })
    expect({ changed, notes }).to.deep.equal({ changed: true, notes: ['the device 0000:0a:03.0: the host has enp10s3 on it, and must give way before the machine starts'] })
    const now = await failure(() => attach('runs', nic))
    expect(now).to.include({ code: 'wrong-state', message: '0000:0a:03.0: the host has enp10s3 on it' })
    expect(now.hints.join()).to.contain('vfio-pci.ids=10de:2204').and.contain('--force')
    expect(await stored('off')).to.equal(before)
  })

  it('a USB device is found by what it is or where it is; two of one kind are told apart', async () => {
    const several = await failure(() => attach('off', usb('046d:c52b')))
    expect(several).to.include({ code: 'usage', message: 'the host has 2 devices 046d:c52b' })
    expect(several.hints.join()).to.contain('1.4, 1.7')
    for (const place of ['001.004', '1.7']) expect(await attach('off', usb(place)), place).to.include({ changed: true })
    expect(await attach('off', usb('1.4'))).to.include({ changed: false })
    const used = async () => [...await list('--usb')].filter(([, { usedBy }]) => usedBy.length > 0).map(([address]) => address)
    expect(await used()).to.deep.equal(['1.4', '1.7'])
    expect((await run('vm detach off 046d:c52b')).code).to.equal(2)
    await run('vm detach off 1.4')
    expect(await used()).to.deep.equal(['1.7'])
    expect(await stored('off')).to.contain(`<address bus='1' device='7'/>`).and.not.contain(`device='4'`)
  })

  it('a USB device that is not there, a hub, and one with a disk of the host are refused as long as that matters', async () => {
    expect((await run('vm attach usb off 1050:0407')).code).to.equal(4)
    expect(await failure(() => attach('off', usb('1.9', { optional: true })))).to.include({ code: 'not-found' })
    expect((await failure(() => attach('off', usb('1.1')))).message).to.contain('is a hub of the host itself')
    expect(await attach('off', usb('1050:0407', { optional: true }))).to.include({ changed: true })
    expect(await stored('off')).to.contain(`<source startupPolicy='optional'>`)
    const stick = await failure(() => attach('runs', usb('0781:5567')))
    expect(stick).to.include({ code: 'wrong-state', message: '1.2: the host has /dev/sdb on it' })
    expect(stick.hints.join()).to.contain('--force').and.not.contain('vfio')
    // This driver has no hot plug: what was stored before is taken back.
    const before = await stored('runs')
    expect((await run('vm attach usb runs 0781:5567 --force')).code).to.equal(1)
    expect(await stored('runs')).to.equal(before)
    expect(await attach('runs', usb('0781:5567'), { nextStart: true })).to.include({ changed: true })
  })
})
