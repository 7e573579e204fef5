import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { UsageError } from '../../../src/errors.js'
import { domainElement } from '../../../src/xml/domain.js'
import type { DomainSpec } from '../../../src/xml/domain.js'
import { readDomain } from '../../../src/xml/domain-description.js'
import { freeTarget } from '../../../src/xml/domain-disks.js'
import type { DiskSpec } from '../../../src/xml/domain-disks.js'
import { serialize } from '../../../src/xml/node.js'
import { all, attr, child, path, textOf } from '../../../src/xml/tree.js'
import { domainSpecs } from './golden-domains.js'

const base: DomainSpec = { name: 'a', type: 'qemu', arch: 'x86_64', memory: 2 ** 30, vcpus: 1 }
const disk: DiskSpec = { source: { type: 'file', path: '/d' }, device: 'disk', format: 'raw', bus: 'virtio' }
const cdrom: DiskSpec = { device: 'cdrom', format: 'raw', bus: 'sata' }
const dump = (name: string) => readFileSync(new URL(`../../fixtures/xml/libvirt/${name}.xml`, import.meta.url), 'utf8')

describe('xml domain: targets', () => {
  it('allots the first free name of the bus, past z', () => {
    const taken = new Set<string>()
    for (let index = 0; index < 26 * 27 + 1; index++) taken.add(freeTarget('virtio', taken))
    expect([...taken].filter((_, index) => [0, 1, 25, 26, 51, 52, 701, 702].includes(index)))
      .to.deep.equal(['vda', 'vdb', 'vdz', 'vdaa', 'vdaz', 'vdba', 'vdzz', 'vdaaa'])
    expect(['sata', 'scsi', 'usb', 'ide', 'fdc', 'xen'].map((bus) => freeTarget(bus, new Set()))).to.deep.equal(['sda', 'sda', 'sda', 'hda', 'fda', 'xvda'])
    expect(() => freeTarget('constructor', new Set())).to.throw(UsageError, 'no disk bus')
  })

  it('shares sd between sata, scsi and usb, and goes around names that are given', () => {
    const disks = [{ ...disk, bus: 'sata' }, { ...disk, bus: 'usb' }, { ...disk, target: 'vda' }, { ...disk, bus: 'scsi' }, disk]
    const targets = all(domainElement({ ...base, disks }), 'devices/disk/target').map((target) => attr(target, 'dev'))
    expect(targets).to.deep.equal(['sda', 'sdb', 'vda', 'sdc', 'vdb'])
    expect(() => domainElement({ ...base, disks: [{ ...disk, target: 'vda' }, { ...disk, target: 'vda' }] })).to.throw('two disks have the target vda')
  })
})

describe('xml domain: boot order', () => {
  const orders = (spec: Partial<DomainSpec>) => {
    const devices = child(domainElement({ ...base, ...spec }), 'devices')
    return [...all(devices, 'disk'), ...all(devices, 'interface')].map((device) => attr(child(device, 'boot'), 'order'))
  }
  const nic = { kind: 'user' } as const

  it('puts disks before CD-ROMs, whatever their order', () => {
    expect(orders({ disks: [cdrom, disk, disk] })).to.deep.equal(['3', '1', '2'])
  })

  it('follows the kinds that are asked for, and no others', () => {
    expect(orders({ disks: [disk, cdrom], nics: [nic, nic], os: { kind: 'boot', order: ['network', 'cdrom'] } })).to.deep.equal([undefined, '3', '1', '2'])
    expect(orders({ disks: [disk], os: { kind: 'boot', order: [] } })).to.deep.equal([undefined])
    expect(orders({ disks: [disk], os: { kind: 'kernel', kernel: '/k' } })).to.deep.equal([undefined])
  })

  it('keeps orders that are given, also of one spec that is used twice', () => {
    expect(orders({ disks: [disk, { ...cdrom, bootOrder: 1 }, disk] })).to.deep.equal(['2', '1', '3'])
    expect(orders({ nics: [nic, nic], os: { kind: 'boot', order: ['network'] } })).to.deep.equal(['1', '2'])
    expect(() => orders({ disks: [{ ...disk, bootOrder: 1 }, { ...cdrom, bootOrder: 1 }] })).to.throw('two devices have boot order 1')
  })
})

describe('xml domain: what is refused', () => {
  const refused: [Partial<DomainSpec>, string][] = [
    [{ vcpus: -1 }, 'vcpus must be between 1 and 4096, not -1'],
    [{ vcpus: 4_000_000_000 }, 'vcpus must be between 1 and 4096'],
    [{ vcpus: 1.5 }, 'vcpus must be a whole number'],
    [{ memory: 1000 }, 'memory must be a multiple of 1 KiB'],
    [{ memory: 0 }, 'memory in KiB must be at least 1'],
    [{ memory: -1024 }, 'memory must be at least 0'],
    [{ memory: 2 ** 53 }, 'memory must be a whole number'],
    [{ name: 'a\0b' }, 'the text of <name> holds U+0000'],
    [{ secureBoot: true }, 'secure boot needs UEFI firmware'],
    [{ disks: [{ device: 'disk', format: 'raw', bus: 'virtio' }] }, 'a disk needs a source'],
    [{ disks: [{ ...disk, bus: 'floppy' }] }, '"floppy" is no disk bus that is known here'],
    [{ disks: [{ ...disk, bootOrder: 0 }] }, 'a boot order must be between 1'],
    [{ nics: [{ kind: 'network' }] }, 'a network interface needs the name of its network'],
    [{ nics: [{ kind: 'bridge', source: '' }] }, 'a bridge interface needs the name of its bridge'],
    [{ nics: [{ kind: 'user', source: 'x' }] }, 'a user-mode interface has no source'],
    [{ nics: [{ kind: 'user', filter: 'x' }] }, 'cannot be filtered or isolated'],
    [{ nics: [{ kind: 'user', isolated: true }] }, 'cannot be filtered or isolated'],
    [{ graphics: { type: 'vnc', listen: '::', autoport: false } }, 'vnc graphics needs either a port or autoport'],
    [{ graphics: { type: 'vnc', listen: '::', autoport: true, port: 5901 } }, 'vnc graphics needs either'],
    [{ graphics: { type: 'vnc', listen: '::', autoport: false, port: 70_000 } }, 'the vnc port must be between 1 and 65535'],
  ]
  for (const [spec, message] of refused) {
    it(message, () => expect(() => domainElement({ ...base, ...spec })).to.throw(UsageError, message))
  }
})

describe('xml domain: features', () => {
  it('gives ACPI to x86 and to ARM with UEFI, and a SPICE channel to SPICE alone', () => {
    const names = (spec: Partial<DomainSpec>) => child(domainElement({ ...base, ...spec }), 'features')?.children.map((node) => 'name' in node && node.name)
    expect(names({})).to.deep.equal(['acpi', 'apic'])
    expect(names({ firmware: 'uefi', secureBoot: true })).to.deep.equal(['acpi', 'apic', 'smm'])
    expect(names({ arch: 'aarch64', firmware: 'uefi' })).to.deep.equal(['acpi'])
    expect(names({ arch: 'aarch64' })).to.equal(undefined)
    expect(names({ arch: 's390x' })).to.equal(undefined)
    const channels = (type: 'vnc' | 'spice') => all(domainElement({ ...base, graphics: { type, listen: '::1', autoport: true } }), 'devices/channel').length
    expect([channels('vnc'), channels('spice')]).to.deep.equal([0, 1])
  })
})

describe('xml domain: reading', () => {
  for (const [name, spec] of Object.entries(domainSpecs)) {
    it(`gives back what was built: ${name}`, () => {
      const read = readDomain(serialize(domainElement(spec)))
      expect(read).to.include({
        name: spec.name, uuid: spec.uuid ?? null, id: null, virt: spec.type, arch: spec.arch, machine: spec.machine ?? null, osType: 'hvm',
        memory: spec.memory, maxMemory: spec.memory, vcpus: spec.vcpus, maxVcpus: spec.vcpus, firmware: spec.firmware ?? 'bios',
        title: spec.title ?? null, description: spec.description ?? null, emulator: spec.emulator ?? null,
      })
      expect(read.disks).to.have.length(spec.disks?.length ?? 0)
      expect(read.nics.map(({ type }) => type)).to.deep.equal((spec.nics ?? []).map(({ kind }) => kind))
      expect(read.graphics.map(({ type }) => type)).to.deep.equal(spec.graphics ? [spec.graphics.type] : [])
      expect(read.agentChannel).to.deep.equal({ present: spec.agent ?? false, connected: null })
    })
  }

  it('reads a running machine', () => {
    expect(readDomain(dump('domain-live'))).to.deep.equal({
      name: 'live', uuid: '6b4192d5-d9d4-4cec-a8e9-2fc0a6e64a7e', id: 1, title: 't', description: null, virt: 'qemu',
      memory: 2 ** 27, maxMemory: 2 ** 27, vcpus: 1, maxVcpus: 1, osType: 'hvm', arch: 'x86_64', machine: 'pc-q35-7.2', osId: null,
      firmware: 'bios', nvram: null, kernel: null, metadata: { profile: 'p' }, emulator: '/usr/bin/qemu-system-x86_64',
      disks: [
        { target: 'vda', bus: 'virtio', device: 'disk', path: null, pool: 'p', volume: 'a.qcow2', format: 'qcow2', readonly: false },
        { target: 'sda', bus: 'sata', device: 'cdrom', path: null, pool: null, volume: null, format: null, readonly: true },
      ],
      nics: [
        { mac: '52:54:00:9d:e5:6c', type: 'network', source: 'nat', model: 'virtio', tap: 'vnet0', filter: 'clean-traffic' },
        { mac: '52:54:00:c5:1b:4e', type: 'user', source: null, model: 'virtio', tap: null, filter: null },
      ],
      graphics: [{ type: 'spice', host: '127.0.0.1', port: 5900, tlsPort: null, socket: null }],
      agentChannel: { present: true, connected: false },
    })
  })

  it('reads the test driver\'s machine and a UEFI one', () => {
    expect(readDomain(dump('domain-test'))).to.include({ id: 1, virt: 'test', memory: 2 ** 31, maxMemory: 2 ** 33, arch: 'i686', metadata: null })
    expect(readDomain(dump('domain-uefi'))).to.include({ id: null, firmware: 'uefi', virt: 'kvm' })
  })

  it('reads what other tools write', () => {
    const read = readDomain(`<domain type='xen' xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
      <metadata><l:libosinfo><l:os id='http://debian.org/debian/12'/></l:libosinfo></metadata>
      <memory unit='GiB'>2</memory><currentMemory unit='MB'>1000</currentMemory><vcpu current='1'>4</vcpu>
      <os><type arch='x86_64'>linux</type><kernel>/k</kernel><loader type='pflash'>/f</loader><nvram type='file'><source file='/n'/></nvram></os>
      <devices>
        <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vda'/></disk>
        <disk type='dir' device='floppy'><source dir='/f'/><target dev='fda' bus='fdc'/></disk>
        <disk type='block' device='lun'><source dev='/dev/sdb'/><target dev='sda' bus='scsi'/></disk>
        <interface type='direct'><source dev='eth0' mode='bridge'/></interface>
        <interface type='bridge'><source network='x' bridge='br0'/></interface>
        <interface type='hostdev'><source><address type='pci'/></source></interface>
        <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
        <graphics type='vnc' port='-1'><listen type='socket' socket='/s'/></graphics>
        <graphics type='spice' port='0' tlsPort='5901'><listen type='network' address='10.0.0.1' network='n'/></graphics>
      </devices></domain>`)
    expect(read).to.include({
      name: '', osId: 'http://debian.org/debian/12', maxMemory: 2 ** 31, memory: 1e9, vcpus: 1, maxVcpus: 4,
      firmware: 'uefi', nvram: '/n', kernel: '/k', osType: 'linux',
    })
    expect(read.disks.map(({ path: file, device }) => [file, device])).to.deep.equal(
      [['rbd:pool/image', 'disk'], ['/f', 'floppy'], ['/dev/sdb', 'lun']])
    expect(read.nics.map(({ source }) => source)).to.deep.equal(['eth0', 'br0', null])
    expect(read.agentChannel).to.deep.equal({ present: true, connected: true })
    expect(read.graphics).to.deep.equal([
      { type: 'vnc', host: null, port: null, tlsPort: null, socket: '/s' },
      { type: 'spice', host: '10.0.0.1', port: null, tlsPort: 5901, socket: null },
    ])
  })

  it('reads the least there can be, and refuses what is no XML', () => {
    expect(readDomain('<domain/>')).to.deep.include({ name: '', uuid: null, memory: 0, vcpus: 1, disks: [], arch: null, nvram: null })
    expect(() => readDomain('<domain>')).to.throw(UsageError, 'not valid XML')
  })

  it('has the kernel, initrd and command line', () => {
    const os = child(domainElement({ ...base, os: { kind: 'kernel', kernel: '/k', initrd: '/i', cmdline: 'a b' } }), 'os')
    expect(['kernel', 'initrd', 'cmdline'].map((name) => textOf(path(os, name)))).to.deep.equal(['/k', '/i', 'a b'])
  })
})
