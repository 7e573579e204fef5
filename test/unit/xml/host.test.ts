import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { readCapabilities, readDomainCapabilities } from '../../../src/xml/host.js'

const dump = (name: string) => readFileSync(new URL(`../../fixtures/xml/libvirt/${name}.xml`, import.meta.url), 'utf8')

describe('xml host', () => {
  it('reads the capabilities of a QEMU host', () => {
    const caps = readCapabilities(dump('caps-qemu'))
    expect(caps.cpu).to.deep.equal({ arch: 'x86_64', model: 'kvm64', vendor: 'AMD' })
    expect(caps.securityModels).to.deep.equal(['none', 'dac'])
    expect(caps.guests.map(({ osType, arch, wordSize }) => [osType, arch, wordSize])).to.deep.equal([['hvm', 'i686', 32], ['hvm', 'x86_64', 64]])
    const [, x86] = caps.guests
    expect(x86?.domains.map(({ type, emulator }) => [type, emulator])).to.deep.equal(
      [['qemu', '/usr/bin/qemu-system-x86_64'], ['kvm', '/usr/bin/qemu-system-x86_64']])
    expect(x86?.domains[0]?.machines).to.include.members(['pc', 'pc-i440fx-7.2', 'pc-q35-5.2'])
  })

  it('reads the capabilities of the test driver', () => {
    const caps = readCapabilities(dump('caps-test'))
    expect(caps).to.deep.include({ uuid: null, cpu: { arch: 'i686', model: null, vendor: null } })
    expect(caps.guests.map(({ osType }) => osType)).to.deep.equal(['hvm', 'xen'])
    expect(caps.guests[0]?.domains).to.deep.equal([{ type: 'test', emulator: '/usr/bin/test-hv', machines: [] }])
  })

  it('prefers the emulator and machines of the domain type', () => {
    const caps = readCapabilities(`<capabilities><guest><os_type>hvm</os_type><arch name='x86_64'><emulator>/e</emulator><machine>m</machine>
      <domain type='qemu'/><domain type='kvm'><emulator>/k</emulator><machine>n</machine></domain></arch></guest></capabilities>`)
    expect(caps.guests[0]?.domains).to.deep.equal([{ type: 'qemu', emulator: '/e', machines: ['m'] }, { type: 'kvm', emulator: '/k', machines: ['n'] }])
  })

  it('reads domain capabilities', () => {
    expect(readDomainCapabilities(dump('domcaps-qemu'))).to.deep.equal({
      emulator: '/usr/bin/qemu-system-x86_64', type: 'qemu', kvm: false, machine: 'pc-q35-7.2', arch: 'x86_64', maxVcpus: 288,
      firmwares: [], secureBoot: false, loaders: [], cpuModes: ['maximum', 'host-model', 'custom'],
      diskDevices: ['disk', 'cdrom', 'floppy', 'lun'], diskBuses: ['fdc', 'scsi', 'virtio', 'usb', 'sata'],
      graphics: ['sdl', 'vnc', 'spice', 'egl-headless', 'dbus'],
      videoModels: ['vga', 'cirrus', 'vmvga', 'qxl', 'virtio', 'none', 'bochs', 'ramfb'], tpmModels: ['tpm-tis', 'tpm-crb'],
      tpmBackends: ['passthrough'], hypervFeatures: ['spinlocks', 'vendor_id'],
    })
  })

  it('reads firmware and KVM where they are, and nothing of what is not supported', () => {
    const caps = readDomainCapabilities(`<domainCapabilities><path>/q</path><domain>kvm</domain><arch>x86_64</arch>
      <os supported='yes'><enum name='firmware'><value>bios</value><value>efi</value></enum>
        <loader supported='yes'><value>/ovmf</value><enum name='secure'><value>yes</value><value>no</value></enum></loader></os>
      <devices><graphics supported='no'><enum name='type'><value>vnc</value></enum></graphics></devices></domainCapabilities>`)
    expect(caps).to.deep.include({ kvm: true, firmwares: ['bios', 'efi'], secureBoot: true, loaders: ['/ovmf'], graphics: [], maxVcpus: null, machine: null, tpmBackends: [], hypervFeatures: null })
  })
})
