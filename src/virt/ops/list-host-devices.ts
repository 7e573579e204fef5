import { formatPci, isBridge, isDisplay, isSameCard, pciClassName, readPciOfDomain } from '../../xml/pci.js'
import { partsOn, readHostDevice, readHostPart, type HostDevice, type HostPart } from '../../xml/host-device.js'
import { parse } from '../../xml/node.js'
import { all, attr } from '../../xml/tree.js'
import { isRootHub, isSameUsb, usbOfHostdev, type UsbName } from '../../xml/usb.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { listDevices } from '../flags.js'
import { unlessGone } from './gone.js'
import { readMachines } from './machine-xml.js'

/** A row of `host devices`. */
export interface HostDeviceRow {
  kind: 'pci' | 'usb'
  /** `0000:65:00.0`, or `1.4` on USB: as `vm attach` takes it */
  address: string
  /** `display`, `network`, `bridge`, `usb` …; of USB devices only `hub`, for the host's own, is told */
  class: string | null
  /** four hexadecimal digits */
  vendorId: string | null
  productId: string | null
  vendor: string | null
  product: string | null
  /** the host's driver that has it now */
  driver: string | null
  /** null where there is no IOMMU, and for USB */
  iommuGroup: number | null
  /** the disks, and the interfaces that are up, that the host has on it */
  hostUses: string[]
  /** the machines that have it, running or not */
  usedBy: string[]
  /** what libvirt calls it */
  node: string
}

export interface WhichDevices { pci: boolean, usb: boolean, gpu: boolean }

/**
 * The host's PCI and USB devices, or those of some kinds: a list, and a look at each device; at each machine once a row is asked
 * who uses it.
 */
export function listHostDevices(connection: Connection, which: WhichDevices): HostDeviceRow[] {
  const every = !which.pci && !which.usb && !which.gpu
  const [pci, usb] = [every || which.pci || which.gpu, every || which.usb]
  const devices = readAll(connection, (pci ? listDevices.pci : 0) | (usb ? listDevices.usb : 0), readHostDevice)
  const chosen = every || which.pci ? devices : devices.filter((device) => device.kind === 'usb' || isOnDisplayCard(device, devices))
  if (chosen.length === 0) return []
  const parts = hostParts(connection)
  let read: DeviceUse[] | undefined
  const uses = () => read ??= machineUses(connection)
  return chosen.map((device) => rowOf(device, parts, uses))
}

/** The host's disks, and its interfaces that are up. */
export function hostParts(connection: Connection): HostPart[] {
  return readAll(connection, listDevices.net | listDevices.storage, readHostPart)
}

/** The host's PCI devices. */
export function pciDevices(connection: Connection): (HostDevice & { kind: 'pci' })[] {
  return readAll(connection, listDevices.pci, readHostDevice).filter((device) => device.kind === 'pci')
}

/** The host's USB devices. */
export function usbDevices(connection: Connection): (HostDevice & { kind: 'usb' })[] {
  return readAll(connection, listDevices.usb, readHostDevice).filter((device) => device.kind === 'usb')
}

/** A device may be unplugged since it was listed. */
function readAll<T>(connection: Connection, flags: number, read: (xml: string) => T | null): T[] {
  using devices = connection.devices(flags)
  return devices.flatMap((device) => unlessGone(() => read(device.xml()), failure.noNodeDevice) ?? [])
}

/** A graphics card's sound and connectors go where it goes. */
function isOnDisplayCard(device: HostDevice, devices: readonly HostDevice[]): boolean {
  if (device.kind !== 'pci') return false
  const { address } = device.pci
  return devices.some((other) => other.kind === 'pci' && isDisplay(other.pci) && isSameCard(other.pci.address, address))
}

interface DeviceUse { machine: string, running: boolean, pci: Set<string>, usb: UsbName[] }

/** What machines have of the host's devices, as they run and as they will start. */
export function machineUses(connection: Connection): DeviceUse[] {
  return readMachines(connection, { running: false }).map(({ name, running, xmls }) => ({
    machine: name, running, pci: new Set(xmls.flatMap(readPciOfDomain).map(formatPci)),
    usb: xmls.map(usbIn).reduce((known, more) => {
      const others = more.filter((each) => !known.some((one) => isSameUsb(one, each)))
      return [...known, ...others]
    }, []),
  }))
}

/** The running document, which comes first, has the places too, so that it tells which of two of one kind is meant. */
function usbIn(xml: string): UsbName[] {
  return all(parse(xml), 'devices/hostdev').filter((each) => attr(each, 'type') === 'usb').map(usbOfHostdev)
}

/** Whether a machine has this device. Of two of one kind only the running machine tells which. */
export function usesUsb({ usb }: DeviceUse, device: UsbName): boolean {
  return usb.some((each) => isSameUsb(each, device))
}

function rowOf(device: HostDevice, parts: readonly HostPart[], uses: () => readonly DeviceUse[]): HostDeviceRow {
  const { kind, node, path } = device
  if (device.kind === 'pci') {
    const { address, class: code, vendorId, productId, vendor, product, driver, iommuGroup } = device.pci
    const where = formatPci(address)
    return {
      kind, address: where, class: pciClassName(code), vendorId, productId, vendor, product, driver,
      iommuGroup: iommuGroup?.number ?? null, hostUses: isBridge(device.pci) ? [] : partsOn(path, parts),
      get usedBy() { return uses().filter(({ pci }) => pci.has(where)).map(({ machine }) => machine) }, node,
    }
  }
  const { id, place, vendor, product, driver } = device.usb
  const [vendorId = null, productId = null] = id.split(':')
  const isHub = isRootHub(device.usb)
  return {
    kind, address: place, class: isHub ? 'hub' : null, vendorId, productId, vendor, product, driver, iommuGroup: null,
    hostUses: isHub ? [] : partsOn(path, parts),
    get usedBy() { return uses().filter((use) => usesUsb(use, device.usb)).map(({ machine }) => machine) }, node,
  }
}
