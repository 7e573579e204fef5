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
  vendor: string | null
  product: string | null
  /** the host's driver that has it now */
  driver: string | null
  /** what the IOMMU cannot tell apart, this device too; null where there is no IOMMU */
  iommuGroup: { number: number, members: PciAddress[] } | null
}

/**
 * An address as lspci writes it, `0000:65:00.0` or `65:00.0`, or nvidia-smi, `00000000:65:00.0`. Without the function it is
 * the first. @throws UsageError
 */
export function parsePciAddress(text: string, what: string): PciAddress {
  const [, domain = '0', bus = '', slot = '', fn = '0'] = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})(?:\.([0-7]))?$/i.exec(text) ?? []
  const number = (digits: string) => Number.parseInt(digits, 16)
  const address = { domain: number(domain), bus: number(bus), slot: number(slot), function: number(fn) }
  if (bus !== '' && address.slot <= 0x1f && address.domain <= 0xffff_ffff) return address
  throw new UsageError(`${what} ${text} is no PCI address`, 'write it as lspci -D does: 0000:65:00.0')
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

/** The PCI devices of the host that a `<domain>` takes. */
export function readPciOfDomain(xml: string): PciAddress[] {
  return all(parse(xml), 'devices/hostdev')
    .filter((device) => attr(device, 'type') === 'pci')
    .flatMap((device) => children(child(device, 'source'), 'address').map(addressIn))
}

/** A `<device>` with a PCI capability (https://libvirt.org/formatnode.html); null for any other. */
export function readPciDevice(xml: string): PciDevice | null {
  const pci = children(parse(xml), 'capability').find((each) => attr(each, 'type') === 'pci')
  if (!pci) return null
  const number = (name: string) => integer(textOf(child(pci, name))) ?? 0
  const group = child(pci, 'iommuGroup')
  return {
    address: { domain: number('domain'), bus: number('bus'), slot: number('slot'), function: number('function') },
    class: Number.parseInt(textOf(child(pci, 'class')) ?? '0', 16),
    vendor: textOf(child(pci, 'vendor')) || null, product: textOf(child(pci, 'product')) || null,
    driver: textOf(all(parse(xml), 'driver/name')[0]) ?? null,
    iommuGroup: group ? { number: integer(attr(group, 'number')) ?? 0, members: children(group, 'address').map(addressIn) } : null,
  }
}

/** The place in an `<address>` of PCI. */
export function addressIn(element: XmlElement): PciAddress {
  const number = (name: string) => Number(attr(element, name) ?? 0)
  return { domain: number('domain'), bus: number('bus'), slot: number('slot'), function: number('function') }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
