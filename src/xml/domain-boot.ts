import { UsageError } from '../errors.js'
import type { DiskSpec } from './domain-disks.js'
import type { NicSpec } from './domain-nics.js'
import { el } from './node.js'
import type { Child, XmlElement } from './node.js'
import { whole } from './numbers.js'

export type BootDevice = 'hd' | 'cdrom' | 'network'

export interface OsSpec {
  arch: string
  machine?: string
  /** A kernel of the host's, or the kinds of device to boot from: the disk before the CD-ROM unless told. */
  os?: { kind: 'kernel', kernel: string, initrd?: string, cmdline?: string } | { kind: 'boot', order: readonly BootDevice[] }
  firmware?: 'bios' | 'uefi'
  /** With UEFI only. Asked for or ruled out; left to libvirt's choice of firmware when left out. */
  secureBoot?: boolean
}

/** The `<os>` of a domain (https://libvirt.org/formatdomain.html#operating-system-booting); libvirt picks the firmware files. */
export function osElement(spec: OsSpec): XmlElement {
  const { secureBoot, firmware } = spec
  if (secureBoot && firmware !== 'uefi') throw new UsageError('secure boot needs UEFI firmware')
  return el('os', { firmware: firmware === 'uefi' ? 'efi' : null },
    el('type', { arch: spec.arch, machine: spec.machine }, 'hvm'),
    firmware === 'uefi' && secureBoot !== undefined && el('firmware', {},
      el('feature', { enabled: secureBoot, name: 'enrolled-keys' }),
      el('feature', { enabled: secureBoot, name: 'secure-boot' }),
    ),
    firmware === 'uefi' && secureBoot && el('loader', { secure: true }),
    ...kernelElements(spec),
  )
}

/**
 * The `<boot order>` of each device that has one. Orders stand at the devices and not in `<os>`, because an empty
 * disk is then skipped, and an installed one boots though the installer's CD-ROM is still in.
 * Orders that the specs give stay; the other devices get the numbers that are free, kind by kind.
 */
export function bootOrders(
  { os }: OsSpec, disks: readonly DiskSpec[], nics: readonly NicSpec[],
): Map<DiskSpec | NicSpec, number> {
  const orders = givenOrders([...disks, ...nics])
  if (os?.kind === 'kernel') return orders
  const taken = new Set(orders.values())
  const ofKind = { hd: disks.filter(isDisk), cdrom: disks.filter((disk) => !isDisk(disk)), network: nics }
  const wanted = (os?.order ?? ['hd', 'cdrom'] as const).flatMap((kind): readonly (DiskSpec | NicSpec)[] => ofKind[kind])
  let next = 1
  for (const device of wanted.filter((candidate) => !orders.has(candidate))) {
    while (taken.has(next)) next++
    orders.set(device, next++)
  }
  return orders
}

function kernelElements({ os }: OsSpec): Child[] {
  if (os?.kind !== 'kernel') return []
  return [
    el('kernel', {}, os.kernel),
    os.initrd && el('initrd', {}, os.initrd),
    os.cmdline && el('cmdline', {}, os.cmdline),
  ]
}

function givenOrders(devices: readonly (DiskSpec | NicSpec)[]): Map<DiskSpec | NicSpec, number> {
  const orders = new Map<DiskSpec | NicSpec, number>()
  for (const device of devices) {
    if (device.bootOrder === undefined) continue
    const order = whole(device.bootOrder, 'a boot order', { min: 1, max: 1000 })
    if ([...orders.values()].includes(order)) throw new UsageError(`two devices have boot order ${order}`)
    orders.set(device, order)
  }
  return orders
}

function isDisk(disk: DiskSpec): boolean {
  return disk.device === 'disk'
}
