import { UsageError } from '../errors.js'
import { el, type XmlElement } from './node.js'
import { integer } from './numbers.js'
import { attr, child, textOf } from './tree.js'

/** What a USB device is called: by what it is, as lsusb writes it, or by where it is now. Absent is not said. */
export interface UsbName {
  /** `046d:c52b` */
  id?: string
  /** `1.4`, the bus and the number that it got when it was plugged in */
  place?: string
}

/** A USB device of the host. */
export interface UsbDevice extends Required<UsbName> {
  vendor: string | null
  product: string | null
  /** the host's driver that has it now */
  driver: string | null
}

/** `VENDOR:PRODUCT` as lsusb writes it, or `BUS.DEVICE`. @throws UsageError */
export function parseUsbName(text: string): UsbName {
  const [, vendor, product] = /^(?:0x)?([0-9a-f]{4}):(?:0x)?([0-9a-f]{4})$/i.exec(text) ?? []
  if (vendor !== undefined && product !== undefined) return { id: `${vendor}:${product}`.toLowerCase() }
  const [, bus, device] = /^(\d{1,3})\.(\d{1,3})$/.exec(text) ?? []
  if (bus !== undefined && device !== undefined) return { place: `${Number(bus)}.${Number(device)}` }
  throw new UsageError(`${text} names no USB device`, 'VENDOR:PRODUCT as lsusb has it, such as 046d:c52b', 'or BUS.DEVICE, such as 1.4: bay host devices --usb')
}

/** A USB device for a machine; with `optional` the machine starts without it when it is not plugged in. */
export function usbElement({ id, place }: UsbName, { optional }: { optional: boolean }): XmlElement {
  const [vendor, product] = id?.split(':') ?? []
  const [bus, device] = place?.split('.') ?? []
  return el('hostdev', { mode: 'subsystem', type: 'usb', managed: 'yes' },
    el('source', { startupPolicy: optional ? 'optional' : null },
      vendor !== undefined && el('vendor', { id: `0x${vendor}` }),
      product !== undefined && el('product', { id: `0x${product}` }),
      place !== undefined && el('address', { bus, device }),
    ))
}

/** What the `<hostdev>` of a machine says of the USB device that it takes; while it runs, the place too. */
export function usbOfHostdev(hostdev: XmlElement): UsbName {
  const source = child(hostdev, 'source')
  const [vendor, product, address] = ['vendor', 'product', 'address'].map((name) => child(source, name))
  const hex = (element: XmlElement | undefined) => Number(attr(element, 'id') ?? 0).toString(16).padStart(4, '0')
  return {
    ...vendor && product && { id: `${hex(vendor)}:${hex(product)}` },
    ...address && { place: `${Number(attr(address, 'bus'))}.${Number(attr(address, 'device'))}` },
  }
}

/** Whether both mean one device. Two of one kind differ by their places alone, so those decide where both are known. */
export function isSameUsb(one: UsbName, other: UsbName): boolean {
  const sameId = (one.id ?? other.id) === (other.id ?? one.id)
  if (one.place !== undefined && other.place !== undefined) return one.place === other.place && sameId
  return one.id !== undefined && one.id === other.id
}

/** A `<capability type='usb_device'>` (https://libvirt.org/formatnode.html). */
export function readUsbCapability(usb: XmlElement, driver: string | null): UsbDevice {
  const number = (name: string) => integer(textOf(child(usb, name))) ?? 0
  const id = (name: string) => Number(attr(child(usb, name), 'id') ?? 0).toString(16).padStart(4, '0')
  return {
    id: `${id('vendor')}:${id('product')}`, place: `${number('bus')}.${number('device')}`,
    vendor: textOf(child(usb, 'vendor')) || null, product: textOf(child(usb, 'product')) || null, driver,
  }
}

/** The Linux kernel itself: such are the hubs that it makes of the host's controllers. */
export function isRootHub({ id }: UsbDevice): boolean {
  return /^1d6b:000[1-3]$/.test(id)
}
