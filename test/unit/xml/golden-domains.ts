import { domainElement } from '../../../src/xml/domain.js'
import type { DomainSpec } from '../../../src/xml/domain.js'
import type { XmlElement } from '../../../src/xml/node.js'

const GiB = 1024 ** 3
const uuid = '7c1d2e5a-3b6f-4a08-9d51-0f2e4c6a8b90'

/** What the test driver can define: its host knows the type `test` on i686 only. */
const test: DomainSpec = { name: 'test', type: 'test', arch: 'i686', memory: GiB, vcpus: 1 }
const qemu: DomainSpec = { name: 'qemu', type: 'qemu', arch: 'x86_64', memory: GiB, vcpus: 2 }

export const domainSpecs: Record<string, DomainSpec> = {
  'domain-test-bare': { ...test, name: 'bare', memory: 64 * 1024 ** 2 },
  'domain-test-devices': {
    ...test,
    name: 'devices',
    uuid,
    disks: [
      { source: { type: 'volume', pool: 'default-pool', volume: 'root.qcow2' }, device: 'disk', format: 'qcow2', bus: 'virtio' },
      { source: { type: 'file', path: '/srv/iso/install.iso' }, device: 'cdrom', format: 'raw', bus: 'sata' },
      { source: { type: 'block', path: '/dev/sdz' }, device: 'disk', format: 'raw', bus: 'virtio' },
    ],
    nics: [
      { kind: 'network', source: 'default', mac: '52:54:00:00:00:01', model: 'virtio' },
      { kind: 'bridge', source: 'br0', isolated: true },
      { kind: 'user' },
    ],
    serial: true,
    balloon: 'virtio',
  },
  'domain-test-names': {
    ...test,
    name: `a<b>&"c"'d' é 世界 😀`,
    title: 'R&D <title>',
    description: 'first line\nsecond\t& "last" &amp; ]]>',
    metadata: { profile: 'a"b<c>&d\n', protected: true, count: 3 },
    disks: [{ source: { type: 'file', path: `/srv/it's "a" <disk> & more` }, device: 'disk', format: 'raw', bus: 'ide' }],
  },
  'domain-kernel': {
    ...qemu,
    name: 'kernel',
    machine: 'q35',
    emulator: '/usr/bin/qemu-system-x86_64',
    os: { kind: 'kernel', kernel: '/srv/boot/vmlinuz', initrd: '/srv/boot/initrd.gz', cmdline: 'console=ttyS0 a="b" quiet' },
    nics: [{ kind: 'network', source: 'default', model: 'virtio' }],
    serial: true,
    agent: true,
    rng: true,
    balloon: 'virtio',
  },
  'domain-install': {
    ...qemu,
    name: 'install',
    cpu: 'maximum',
    onReboot: 'destroy',
    disks: [
      { source: { type: 'file', path: '/srv/iso/install.iso' }, device: 'cdrom', format: 'raw', bus: 'sata' },
      {
        source: { type: 'volume', pool: 'default', volume: 'install.qcow2' },
        device: 'disk', format: 'qcow2', bus: 'virtio', cache: 'none', discard: 'unmap', serial: 'root-1',
      },
      { device: 'cdrom', format: 'raw', bus: 'sata' },
    ],
    nics: [{ kind: 'network', source: 'default', model: 'virtio' }],
    graphics: { type: 'vnc', listen: '127.0.0.1', autoport: true },
    video: 'virtio',
    tablet: true,
    agent: true,
    rng: true,
  },
  'domain-uefi-secure': {
    ...qemu,
    name: 'secure',
    type: 'kvm',
    machine: 'q35',
    cpu: 'host-passthrough',
    clock: 'localtime',
    firmware: 'uefi',
    secureBoot: true,
    disks: [{ source: { type: 'block', path: '/dev/vg/secure' }, device: 'disk', format: 'raw', bus: 'scsi', target: 'sdc' }],
    graphics: { type: 'spice', listen: '::1', autoport: false, port: 5930 },
    video: 'qxl',
    agent: true,
    balloon: 'none',
  },
  'domain-windows': {
    ...qemu,
    name: 'windows',
    type: 'kvm',
    machine: 'q35',
    clock: 'localtime',
    firmware: 'uefi',
    secureBoot: true,
    hyperv: ['relaxed', 'vapic', 'spinlocks', 'vpindex', 'runtime', 'synic', 'stimer', 'reset', 'frequencies', 'tlbflush', 'ipi'],
    tpm: 'tpm-crb',
    disks: [{ source: { type: 'file', path: '/srv/images/windows.qcow2' }, device: 'disk', format: 'qcow2', bus: 'sata' }],
    nics: [{ kind: 'network', source: 'default', model: 'e1000e' }],
    graphics: { type: 'vnc', listen: '127.0.0.1', autoport: true },
    video: 'vga',
    tablet: true,
    agent: true,
  },
  'domain-gpu': {
    ...qemu, name: 'gpu', machine: 'q35',
    pci: [{ domain: 0, bus: 0x65, slot: 0, function: 0 }, { domain: 0, bus: 0x65, slot: 0, function: 1 }],
  },
  'domain-unattended': {
    ...qemu, name: 'setup', machine: 'q35', metadata: { profile: 'web' },
    disks: [
      { source: { type: 'file', path: '/srv/images/setup.qcow2' }, device: 'disk', format: 'qcow2', bus: 'virtio' },
      { device: 'cdrom', format: 'raw', bus: 'sata', target: 'sda' }, { device: 'cdrom', format: 'raw', bus: 'sata', target: 'sdb' },
    ],
    install: {
      kernel: { kernel: '/srv/k', initrd: '/srv/i', cmdline: 'autoinstall' }, restarts: false, autostart: true,
      discs: [{ target: 'sda', path: '/srv/it\'s <this>.iso' }, { target: 'sdb', path: '/dev/vg/answers' }],
      volumes: [{ pool: 'default', poolUuid: '5f0ff3ea-b8a6-4d0c-9f57-ad5d8ba8b8ce', name: 'setup-answers.iso' }],
    },
  },
  'domain-uefi-plain': { ...qemu, name: 'plain', machine: 'q35', firmware: 'uefi', secureBoot: false, cpu: 'host-model' },
  'domain-arm': {
    ...qemu,
    name: 'arm',
    arch: 'aarch64',
    machine: 'virt',
    firmware: 'uefi',
    disks: [{ source: { type: 'file', path: '/srv/images/arm.qcow2' }, device: 'disk', format: 'qcow2', bus: 'virtio' }],
  },
  'domain-network-boot': {
    ...qemu,
    name: 'netboot',
    firmware: 'bios',
    os: { kind: 'boot', order: ['network', 'hd'] },
    disks: [
      { source: { type: 'file', path: '/srv/images/a.raw' }, device: 'disk', format: 'raw', bus: 'virtio', bootOrder: 1, readonly: true },
      { source: { type: 'file', path: '/srv/images/b.raw' }, device: 'disk', format: 'raw', bus: 'usb' },
    ],
    nics: [
      {
        kind: 'bridge', source: 'br-lan', mac: '52:54:00:aa:bb:cc', model: 'e1000e', isolated: true, filter: 'clean-traffic',
        filterParameters: [{ name: 'IP', value: '10.0.0.5' }, { name: 'IP', value: '10.0.0.6' }],
      },
      { kind: 'user', model: 'virtio' },
    ],
  },
}

export function goldenDomains(): Record<string, XmlElement> {
  return Object.fromEntries(Object.entries(domainSpecs).map(([name, spec]) => [name, domainElement(spec)]))
}
