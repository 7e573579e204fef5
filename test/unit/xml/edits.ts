import { readFileSync, readdirSync } from 'node:fs'
import fc from 'fast-check'
import { diskElement } from '../../../src/xml/domain-disks.js'
import { addDevice, removeDevice } from '../../../src/xml/domain-edit.js'
import { nicElement } from '../../../src/xml/domain-nics.js'
import { changeSettings, type Settings } from '../../../src/xml/domain-settings.js'
import { isSameDevice } from '../../../src/xml/machine-devices.js'
import { serialize, type XmlElement } from '../../../src/xml/node.js'
import { pciElement } from '../../../src/xml/pci.js'
import { all, attr, child, children, remove } from '../../../src/xml/tree.js'
import { usbElement } from '../../../src/xml/usb.js'
import { goldenDomains } from './golden-domains.js'

/** A kind of change to a machine's document, for the property that it leaves everything else as it was. */
export interface NamedEdit {
  name: string
  /** One such change with values of its own. It may refuse by a UsageError: then the document is given up. */
  change: fc.Arbitrary<(root: XmlElement) => void>
  /** Takes out of a document what this kind of change may touch, and nothing else. */
  mask: (root: XmlElement) => void
}

const settings = <Name extends keyof Settings>(name: Name, value: fc.Arbitrary<NonNullable<Settings[Name]> | null>, mask: NamedEdit['mask']): NamedEdit => ({
  name, mask, change: value.map((wanted) => (root) => changeSettings(root, { [name]: wanted })),
})

const MiB = 2 ** 20
const count = fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constantFrom(1, 2, 4, 8, 64, 4096))
const size = fc.integer({ min: 1, max: 64 * 1024 }).map((number) => number * MiB)
const text = fc.oneof(fc.constant(null), fc.constantFrom('a', 'R&D <x> "y"', 'é 世界 😀', ']]>', '  blanks  '))
const part = fc.constantFrom(1, 1, 2, 3, 4)
const action = fc.constantFrom('destroy', 'restart', 'preserve')

/** Every change that exists. What attaches and detaches devices belongs here too. */
export const edits: readonly NamedEdit[] = [
  settings('vcpus', count, maskVcpus),
  settings('max-vcpus', count, maskVcpus),
  settings('topology', fc.oneof(fc.constant(null), fc.record({ sockets: part, dies: part, cores: part, threads: part })), (root) => {
    maskVcpus(root)
    remove(root, 'cpu/topology')
    maskEmptyCpu(root)
  }),
  settings('memory', size, maskMemory),
  settings('max-memory', size, maskMemory),
  settings('balloon', fc.constantFrom('virtio', 'none'), (root) => { remove(root, 'devices/memballoon') }),
  settings('cpu', fc.constantFrom('host-passthrough', 'host-model', 'maximum', 'qemu64'), (root) => {
    for (const cpu of children(root, 'cpu')) for (const name of ['mode', 'match', 'check', 'migratable']) delete cpu.attributes[name]
    for (const name of ['model', 'vendor']) remove(root, `cpu/${name}`)
    maskEmptyCpu(root)
  }),
  settings('boot', fc.uniqueArray(fc.constantFrom('disk', 'cdrom', 'network', 'vda', 'sda'), { minLength: 1 }), (root) => {
    remove(root, 'os/boot')
    for (const device of children(child(root, 'devices'))) remove(device, 'boot')
  }),
  settings('title', text, (root) => { remove(root, 'title') }),
  settings('description', text, (root) => { remove(root, 'description') }),
  settings('on-poweroff', action, (root) => { remove(root, 'on_poweroff') }),
  settings('on-reboot', action, (root) => { remove(root, 'on_reboot') }),
  settings('on-crash', action, (root) => { remove(root, 'on_crash') }),
  ...devices('attach'), ...devices('detach'),
]

/** Two devices of each kind that nobody has otherwise, put in unless they are there, or taken out. */
function devices(verb: 'attach' | 'detach'): NamedEdit[] {
  const numbers = [1, 2]
  const kinds: [name: string, made: XmlElement[]][] = [
    ['disk', numbers.map((number) => diskElement({
      source: { type: 'file', path: `/srv/R&D "${number}"` }, device: 'disk', format: 'raw', bus: 'virtio', target: `vdy${'ab'.charAt(number - 1)}`,
    }, { virt: 'qemu' }))],
    ['nic', numbers.map((number) => nicElement({ kind: 'network', source: 'R&D', mac: `52:54:00:ff:ff:0${number}`, bandwidth: { in: 1e6 }, link: 'down' }))],
    ['pci', numbers.map((number) => pciElement({ domain: 0xfffe, bus: 0xee, slot: number, function: 0 }))],
    // One by what it is, and one by its place too.
    ['usb', [usbElement({ id: 'fffe:0001' }, { optional: true }), usbElement({ id: 'fffe:0002', place: '7.9' }, { optional: false })]],
  ]
  return kinds.map(([name, made]) => ({
    name: `${verb} ${name}`,
    change: fc.constantFrom(...made).map((device) => (root) => {
      const there = children(child(root, 'devices'), device.name).some((each) => isSameDevice(each, device))
      if (verb === 'detach') removeDevice(root, device)
      else if (!there) addDevice(root, structuredClone(device))
    }),
    mask: (root) => { for (const device of made) removeDevice(root, device) },
  }))
}

/** The number, the sockets of the topology, the only NUMA cell's CPUs, and which single ones are on: what must agree with it. */
function maskVcpus(root: XmlElement): void {
  for (const vcpu of children(root, 'vcpu')) {
    delete vcpu.attributes['current']
    vcpu.children = []
  }
  // One that was not there is made.
  remove(root, 'vcpu', ({ attributes }) => Object.keys(attributes).length === 0)
  for (const topology of all(root, 'cpu/topology')) delete topology.attributes['sockets']
  const cells = all(root, 'cpu/numa/cell')
  if (cells.length === 1) delete cells[0]?.attributes['cpus']
  for (const list of children(root, 'vcpus')) list.children = []
}

function maskMemory(root: XmlElement): void {
  for (const memory of children(root, 'memory')) {
    delete memory.attributes['unit']
    memory.children = []
  }
  remove(root, 'memory', ({ attributes }) => Object.keys(attributes).length === 0)
  remove(root, 'currentMemory')
  const cells = all(root, 'cpu/numa/cell')
  for (const name of ['memory', 'unit']) if (cells.length === 1) delete cells[0]?.attributes[name]
}

/** A CPU of which nothing is said is made when there is something to say. */
function maskEmptyCpu(root: XmlElement): void {
  remove(root, 'cpu', (cpu) => cpu.children.length === 0 && Object.keys(cpu.attributes).every((name) => attr(cpu, name) === undefined))
}

/** Whole documents of machines: ours, libvirt's own, odd ones, and one that has all that must agree with numbers. */
export function wholeDocuments(): string[] {
  const folder = new URL('../../fixtures/xml/', import.meta.url)
  const read = (file: string) => readFileSync(new URL(file, folder), 'utf8')
  const stored = readdirSync(new URL('libvirt/', folder)).filter((file) => file.startsWith('domain-')).map((file) => read(`libvirt/${file}`))
  return [...Object.values(goldenDomains()).map((root) => serialize(root)), ...stored, read('odd.xml'), rich, rich.replace(/<cell .*<\/numa>/s, twoCells)]
}

export const rich = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>rich</name>
  <metadata><x:thing xmlns:x="urn:x" kind="a&amp;b">kept</x:thing><bay:bay xmlns:bay="urn:bay:1" profile="p"/></metadata>
  <maxMemory slots='4' unit='GiB'>16</maxMemory>
  <memory unit='MiB' dumpCore='off'>4608</memory>
  <currentMemory unit='KiB'>4194304</currentMemory>
  <vcpu placement='static' cpuset='0-3' current='2'>8</vcpu>
  <vcpus>
    <vcpu id='0' enabled='yes' hotpluggable='no' order='1'/><vcpu id='1' enabled='no' hotpluggable='yes'/>
    <vcpu id='2' enabled='yes' hotpluggable='yes' order='2'/><vcpu id='3' enabled='no' hotpluggable='yes'/>
    <vcpu id='4' enabled='no' hotpluggable='yes'/><vcpu id='5' enabled='no' hotpluggable='yes'/>
    <vcpu id='6' enabled='no' hotpluggable='yes'/><vcpu id='7' enabled='no' hotpluggable='yes'/>
  </vcpus>
  <cputune><vcpupin vcpu='0' cpuset='1'/></cputune>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <loader secure='no'/>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/rich_VARS.fd</nvram>
    <boot dev='hd'/><boot dev='network'/>
  </os>
  <cpu mode='custom' match='exact' check='partial'>
    <model fallback='allow' vendor_id='KVMKVMKVM'>Skylake-Client</model><vendor>Intel</vendor>
    <topology sockets='2' dies='1' cores='2' threads='2'/>
    <feature policy='disable' name='mpx'/>
    <numa><cell id='0' cpus='0-7' memory='4' unit='GiB' memAccess='shared'/></numa>
  </cpu>
  <devices>
    <disk type='file' device='disk'><source file='/srv/a'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='lan'/></interface>
    <graphics type='vnc' port='-1' autoport='yes' passwd='sesame'/>
    <memballoon model='virtio' autodeflate='on'><stats period='5'/><address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/></memballoon>
    <memory model='dimm'><target><size unit='MiB'>512</size><node>0</node></target></memory>
  </devices>
  <!-- a comment of somebody's -->
  <qemu:commandline><qemu:arg value='-newarg'/></qemu:commandline>
</domain>`

const twoCells = `<cell id='0' cpus='0-3' memory='2' unit='GiB'/><cell id='1' cpus='4-7' memory='2' unit='GiB'/></numa>`
