import { addressIn, formatPci } from './pci.js'
import type { XmlElement } from './node.js'
import { serialize } from './node.js'
import { attr, child, children } from './tree.js'
import { isSameUsb, usbOfHostdev } from './usb.js'

/** A device of a machine, by all the names that somebody may call it. */
export interface MachineDevice {
  element: XmlElement
  /** `disk`, `nic`, `pci`, `usb`, or libvirt's own word */
  kind: string
  /** what it is called first: a disk's target, an interface's MAC, a host device's address */
  name: string
  /** all that it answers to, in lower case */
  names: string[]
  target: string | null
  mac: string | null
  /** where the guest has it: `0000:05:00.0` on PCI, `drive 0:0:0:1`, `usb 0:2`; null while libvirt has not chosen */
  address: string | null
  /** a disk's file or volume, a host device's address there */
  source: string | null
}

/** The devices of a domain's document that have a name of their own, in order. */
export function devicesOf(root: XmlElement): MachineDevice[] {
  return children(child(root, 'devices')).flatMap((element) => {
    const device = described(element)
    return device.names.length === 0 ? [] : [device]
  })
}

/** What is said of one device. */
export function described(element: XmlElement): MachineDevice {
  const own = kinds[element.name]?.(element) ?? { kind: element.name, names: [], target: null, mac: null, source: null }
  const alias = attr(child(element, 'alias'), 'name')
  const names = [...own.names, ...alias === undefined ? [] : [alias]].map((name) => name.toLowerCase())
  return { ...own, element, names, name: names[0] ?? element.name, address: guestAddress(element) }
}

/** Whether two elements, such as a running and a stored one, are the same device. */
export function isSameDevice(one: XmlElement, other: XmlElement): boolean {
  if (one.name !== other.name) return false
  if (one.name === 'controller') return sameAttributes(one, other, 'type', 'index')
  if (one.name === 'disk') return sameAttributes(child(one, 'target'), child(other, 'target'), 'dev')
  if (one.name === 'interface') return lower(attr(child(one, 'mac'), 'address')) === lower(attr(child(other, 'mac'), 'address'))
  if (one.name === 'hostdev') return isSameHostDevice(one, other)
  const [a, b] = [child(one, 'address'), child(other, 'address')]
  return a !== undefined && b !== undefined ? serialize(a) === serialize(b) : serialize(one) === serialize(other)
}

type Own = Pick<MachineDevice, 'kind' | 'names' | 'target' | 'mac' | 'source'>

const kinds: Record<string, (element: XmlElement) => Own> = {
  disk: (element) => {
    const target = attr(child(element, 'target'), 'dev') ?? null
    const kind = attr(element, 'device') === 'cdrom' ? 'cdrom' : 'disk'
    return { kind, names: some(target), target, mac: null, source: sourceText(child(element, 'source')) }
  },
  interface: (element) => {
    const mac = lower(attr(child(element, 'mac'), 'address')) ?? null
    const target = attr(child(element, 'target'), 'dev') ?? null
    const source = child(element, 'source')
    return { kind: 'nic', names: [...some(mac), ...some(target)], target, mac, source: attr(source, 'network') ?? attr(source, 'bridge') ?? null }
  },
  hostdev: (element) => {
    const names = hostNames(element)
    return { kind: attr(element, 'type') ?? 'hostdev', names, target: null, mac: null, source: names[0] ?? null }
  },
}

/** `0000:65:00.0` of a PCI device; `046d:c52b` and `1.4` of one on USB, as far as it is told by them. */
function hostNames(hostdev: XmlElement): string[] {
  const address = child(child(hostdev, 'source'), 'address')
  if (attr(hostdev, 'type') === 'pci') return address ? [formatPci(addressIn(address))] : []
  if (attr(hostdev, 'type') !== 'usb') return []
  const { id, place } = usbOfHostdev(hostdev)
  return [id, place].flatMap((name) => name ?? [])
}

/** A USB device that is told by vendor and product has the place that it was found in too, while it runs. */
function isSameHostDevice(one: XmlElement, other: XmlElement): boolean {
  if (attr(one, 'type') !== attr(other, 'type')) return false
  if (attr(one, 'type') === 'usb') return isSameUsb(usbOfHostdev(one), usbOfHostdev(other))
  const theirs = hostNames(other)
  return hostNames(one).some((name) => theirs.includes(name))
}

function sourceText(source: XmlElement | undefined): string | null {
  const [pool, volume] = [attr(source, 'pool'), attr(source, 'volume')]
  if (pool !== undefined && volume !== undefined) return `${pool}/${volume}`
  return attr(source, 'file') ?? attr(source, 'dev') ?? attr(source, 'name') ?? null
}

function guestAddress(element: XmlElement): string | null {
  const address = child(element, 'address')
  const part = (name: string) => Number(attr(address, name) ?? 0)
  switch (attr(address, 'type')) {
    case 'pci': return address ? formatPci(addressIn(address)) : null
    case 'drive': return `drive ${part('controller')}:${part('bus')}:${part('target')}:${part('unit')}`
    case 'usb': return `usb ${part('bus')}:${attr(address, 'port') ?? ''}`
    case undefined: return null
    default: return attr(address, 'type') ?? null
  }
}

function sameAttributes(one: XmlElement | undefined, other: XmlElement | undefined, ...names: string[]): boolean {
  return names.every((name) => attr(one, name) !== undefined && attr(one, name) === attr(other, name))
}

function some(value: string | null): string[] {
  return value === null ? [] : [value]
}

function lower(text: string | undefined): string | undefined {
  return text?.toLowerCase()
}
