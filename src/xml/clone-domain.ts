import { agentChannel } from './domain-devices.js'
import { putSource } from './domain-disks.js'
import { readBay, writeBay } from './metadata.js'
import { setAttributes, type XmlElement } from './node.js'
import { all, attr, child, children, path, remove, textOf, upsert } from './tree.js'

export interface CloneIdentity {
  name: string
  uuid: string
  /** of its interfaces, in their order */
  mac: (index: number) => string
  /** its own disks, by their targets */
  disks: ReadonlyMap<string, { path: string, format: string }>
  /** the file of its UEFI variables; null to leave that to libvirt */
  nvram: string | null
}

/**
 * Makes a domain's document that of its clone: all that must be one machine's alone is new, all else stays. Gives what people
 * should know, a line each.
 */
export function cloneDocument(root: XmlElement, clone: CloneIdentity): string[] {
  const uuid = textOf(child(root, 'uuid')) ?? ''
  upsert(root, 'name', {}, clone.name)
  upsert(root, 'uuid', {}, clone.uuid)
  for (const entry of all(root, 'sysinfo/system/entry')) {
    if (attr(entry, 'name') === 'uuid' && textOf(entry) === uuid) entry.children = [{ type: 'text', text: clone.uuid }]
  }
  // libvirt makes one up: a guest that sees another knows that it is a copy.
  for (const genid of children(root, 'genid')) genid.children = []
  const bay = readBay(root)
  if (bay) {
    const { 'protected': _protected, 'protected-stop': _stop, 'address': _address, 'reserved': _reserved, ...rest } = bay
    writeBay(root, Object.keys(rest).length > 0 ? rest : null)
  }
  if (clone.nvram !== null && path(root, 'os/nvram')) upsert(root, 'os/nvram', {}, clone.nvram)
  for (const disk of all(root, 'devices/disk')) ownDisk(disk, clone.disks.get(attr(child(disk, 'target'), 'dev') ?? ''))
  all(root, 'devices/interface').forEach((nic, index) => ownNic(nic, clone.mac(index), bay?.['address']?.split('/')[0]))
  const ports = all(root, 'devices/graphics').filter((graphics) => ownPort(graphics))
  for (const cid of all(root, 'devices/vsock/cid')) setAttributes(cid, { auto: true, address: null })
  for (const channel of all(root, 'devices/channel')) {
    if (attr(child(channel, 'target'), 'name') === agentChannel) remove(channel, 'source')
  }
  return [
    ...ports.length > 0 ? ['its display gets a port of its own: the fixed one is the source\'s'] : [],
    ...all(root, 'devices/tpm').length > 0 ? ['its TPM is new and empty: what was sealed by the source\'s, such as a disk\'s key, cannot be opened with it'] : [],
    ...sharedFiles(root).map((file) => `it shares ${file} with the source`),
  ]
}

/** Devices that only one machine at a time can have. */
export function hostDevices(root: XmlElement): XmlElement[] {
  return [
    ...all(root, 'devices/hostdev'), ...all(root, 'devices/interface').filter((nic) => attr(nic, 'type') === 'hostdev'),
    ...all(root, 'devices/tpm').filter((tpm) => attr(child(tpm, 'backend'), 'type') === 'passthrough'),
    ...all(root, 'devices/memory').filter((memory) => attr(memory, 'model') === 'nvdimm'),
  ]
}

export function removeDevices(root: XmlElement, devices: readonly XmlElement[]): void {
  const container = child(root, 'devices')
  if (container) container.children = container.children.filter((node) => node.type !== 'element' || !devices.includes(node))
}

function ownDisk(disk: XmlElement, own: { path: string, format: string } | undefined): void {
  if (!own) return
  putSource(disk, own.path)
  upsert(disk, 'driver', { type: own.format })
  // What lies below the source is not what lies below its copy.
  remove(disk, 'backingStore')
}

/** `address` is the one that the source was given: a filter must not hold its copy to it. */
function ownNic(nic: XmlElement, mac: string, address: string | undefined): void {
  upsert(nic, 'mac', { address: mac })
  remove(nic, 'target', (target) => attr(target, 'dev') !== undefined)
  for (const parameters of all(nic, 'virtualport/parameters')) setAttributes(parameters, { interfaceid: null })
  remove(nic, 'filterref/parameter', (each) => attr(each, 'name') === 'IP' && address !== undefined && attr(each, 'value') === address)
}

/** Whether it had a fixed one. */
function ownPort(graphics: XmlElement): boolean {
  for (const each of [graphics, ...children(graphics, 'listen')]) setAttributes(each, { socket: null })
  const fixed = attr(graphics, 'port') !== undefined && attr(graphics, 'autoport') !== 'yes'
  if (fixed) setAttributes(graphics, { autoport: true, port: null, tlsPort: null })
  return fixed
}

function sharedFiles(root: XmlElement): string[] {
  const lines = ['serial', 'console', 'parallel', 'channel'].flatMap((kind) => all(root, `devices/${kind}`))
  const files = lines.flatMap((each) => [attr(child(each, 'source'), 'path'), attr(child(each, 'log'), 'file')])
  const folders = all(root, 'devices/filesystem').map((each) => attr(child(each, 'source'), 'dir'))
  return [...new Set([...files, ...folders].flatMap((file) => file ?? []))]
}
