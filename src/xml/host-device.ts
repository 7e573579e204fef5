import { parse } from './node.js'
import { readPciDevice, type PciDevice } from './pci.js'
import { all, attr, child, children, textOf } from './tree.js'
import { readUsbCapability, type UsbDevice } from './usb.js'

/** A device of the host that a machine could have to itself. */
export type HostDevice = HostDeviceBase & ({ kind: 'pci', pci: PciDevice } | { kind: 'usb', usb: UsbDevice })

interface HostDeviceBase {
  /** what libvirt calls it */
  node: string
  /** where it is in the host's tree of devices; '' where libvirt does not say */
  path: string
}

/** What the host itself makes of a device: a disk, or a network interface that is up. */
export interface HostPart {
  path: string
  /** `/dev/sda`, `eth0` */
  name: string
}

/** A `<device>` on PCI or USB (https://libvirt.org/formatnode.html); null for any other. */
export function readHostDevice(xml: string): HostDevice | null {
  const root = parse(xml)
  const base = { node: textOf(child(root, 'name')) ?? '', path: textOf(child(root, 'path')) ?? '' }
  const pci = readPciDevice(xml)
  if (pci) return { ...base, kind: 'pci', pci }
  const usb = children(root, 'capability').find((each) => attr(each, 'type') === 'usb_device')
  return usb ? { ...base, kind: 'usb', usb: readUsbCapability(usb, textOf(all(root, 'driver/name')[0]) ?? null) } : null
}

/** A `<device>` that is a disk or an interface with its cable in; null for any other, such as a card reader without a card. */
export function readHostPart(xml: string): HostPart | null {
  const root = parse(xml)
  const path = textOf(child(root, 'path')) ?? ''
  for (const capability of children(root, 'capability')) {
    const [block, name] = [textOf(child(capability, 'block')), textOf(child(capability, 'interface'))]
    const isEmpty = all(capability, 'capability/media_available').some((each) => textOf(each) === '0')
    const isDisk = attr(capability, 'type') === 'storage' && textOf(child(capability, 'drive_type')) === 'disk' && !isEmpty
    if (isDisk && block !== undefined) return { path, name: block }
    if (attr(capability, 'type') === 'net' && name !== undefined && attr(child(capability, 'link'), 'state') === 'up') return { path, name }
  }
  return null
}

/** What the host has on a device, by the places in its tree of devices. */
export function partsOn(path: string, parts: readonly HostPart[]): string[] {
  return path === '' ? [] : parts.filter((part) => part.path.startsWith(`${path}/`)).map(({ name }) => name)
}
