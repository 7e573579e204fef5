import { UsageError } from '../errors.js'
import { el, parse } from './node.js'
import type { XmlElement } from './node.js'
import { integer } from './numbers.js'
import { all, attr, child, children, textOf } from './tree.js'

/** Where a PCI device of the host is. */
export interface PciAddress {
  domain: number
  bus: number
  slot: number
  function: number
}

/** A PCI device of the host. */
export interface PciDevice {
  address: PciAddress
  /** base class, subclass and interface: 0x030000 is a VGA controller, 0x060400 a bridge */
  class: number
  /** `10de`, as lspci -n has it; null where libvirt does not say */
  vendorId: string | null
  productId: string | null
  vendor: string | null
  product: string | null
  /** the host's driver that has it now */
  driver: string | null
  /** what the IOMMU cannot tell apart, this device too; null where there is no IOMMU */
  iommuGroup: { number: number, members: PciAddress[] } | null
}

/**
 * An address as lspci writes it, `0000:65:00.0` or `65:00.0`, or nvidia-smi, `00000000:65:00.0`. Without the function it is
 * the first. @throws UsageError, which says it with `flag` before the address
 */
export function parsePciAddress(text: string, flag: string): PciAddress {
  const [, domain = '0', bus = '', slot = '', fn = '0'] = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})(?:\.([0-7]))?$/i.exec(text) ?? []
  const number = (digits: string) => Number.parseInt(digits, 16)
  const address = { domain: number(domain), bus: number(bus), slot: number(slot), function: number(fn) }
  if (bus !== '' && address.slot <= 0x1f && address.domain <= 0xffff_ffff) return address
  throw new UsageError(`${flag}${text} is no PCI address`, 'write it as lspci -D does: 0000:65:00.0')
}

/** `0000:65:00.0` */
export function formatPci({ domain, bus, slot, function: fn }: PciAddress): string {
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn}`
}

/** What libvirt calls the device. */
export function pciNodeName(address: PciAddress): string {
  return `pci_${formatPci(address).replaceAll(/[:.]/g, '_')}`
}

/** A PCI device that a machine has to itself; libvirt takes it from the host's driver at the start, and gives it back. */
export function pciElement({ domain, bus, slot, function: fn }: PciAddress): XmlElement {
  return el('hostdev', { mode: 'subsystem', type: 'pci', managed: 'yes' },
    el('source', {}, el('address', { domain: `0x${hex(domain, 4)}`, bus: `0x${hex(bus, 2)}`, slot: `0x${hex(slot, 2)}`, function: `0x${fn}` })))
}

/** The PCI devices of the host that a `<domain>` takes: as such, as network interfaces and as NVMe disks. */
export function readPciOfDomain(xml: string): PciAddress[] {
  const takers: [path: string, type: string][] = [['hostdev', 'pci'], ['interface', 'hostdev'], ['disk', 'nvme']]
  const root = parse(xml)
  return takers.flatMap(([name, type]) => all(root, `devices/${name}`).filter((device) => attr(device, 'type') === type))
    .flatMap((device) => children(child(device, 'source'), 'address').map(addressIn))
}

/** A `<device>` with a PCI capability (https://libvirt.org/formatnode.html); null for any other. */
export function readPciDevice(xml: string): PciDevice | null {
  const root = parse(xml)
  const pci = children(root, 'capability').find((each) => attr(each, 'type') === 'pci')
  if (!pci) return null
  const number = (name: string) => integer(textOf(child(pci, name))) ?? 0
  const id = (name: string) => attr(child(pci, name), 'id')?.replace(/^0x/, '') ?? null
  const group = child(pci, 'iommuGroup')
  return {
    address: { domain: number('domain'), bus: number('bus'), slot: number('slot'), function: number('function') },
    class: Number.parseInt(textOf(child(pci, 'class')) ?? '0', 16), vendorId: id('vendor'), productId: id('product'),
    vendor: textOf(child(pci, 'vendor')) || null, product: textOf(child(pci, 'product')) || null,
    driver: textOf(all(root, 'driver/name')[0]) ?? null,
    iommuGroup: group ? { number: integer(attr(group, 'number')) ?? 0, members: children(group, 'address').map(addressIn) } : null,
  }
}

/** The place in an `<address>` of PCI. */
export function addressIn(element: XmlElement): PciAddress {
  const number = (name: string) => Number(attr(element, name) ?? 0)
  return { domain: number('domain'), bus: number('bus'), slot: number('slot'), function: number('function') }
}

/** Whether they are functions of one card. */
export function isSameCard(one: PciAddress, other: PciAddress): boolean {
  return one.domain === other.domain && one.bus === other.bus && one.slot === other.slot
}

/** Bridges stay with the host. */
export function isBridge({ class: code }: Pick<PciDevice, 'class'>): boolean {
  return code >> 16 === 0x06
}

/** A graphics card, with a monitor's connector or without. */
export function isDisplay({ class: code }: Pick<PciDevice, 'class'>): boolean {
  return code >> 16 === 0x03
}

/** The kind of a device in a word, by the base class that PCI gives it; `other` for what is rare. */
export function pciClassName(code: number): string {
  if (code >> 8 === 0x0c03) return 'usb'
  return classNames[code >> 16] ?? 'other'
}

const classNames: Readonly<Record<number, string>> = {
  0x01: 'storage', 0x02: 'network', 0x03: 'display', 0x04: 'multimedia', 0x05: 'memory', 0x06: 'bridge', 0x07: 'communication',
  0x0c: 'serial', 0x0d: 'wireless', 0x12: 'accelerator',
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
