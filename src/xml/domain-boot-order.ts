import { UsageError } from '../errors.js'
import { el, type XmlElement } from './node.js'
import { integer } from './numbers.js'
import { all, attr, child, children, remove } from './tree.js'

const kinds = ['disk', 'cdrom', 'floppy', 'network'] as const
type Kind = typeof kinds[number]

/** What a domain boots from, in its order: targets of disks and MAC addresses, or kinds of devices; null where libvirt chooses. */
export function bootOrderOf(root: XmlElement): string | null {
  const ordered = orderedDevices(root).map(nameOf)
  if (ordered.length > 0) return ordered.join(',')
  const devices = all(root, 'os/boot').map((boot) => attr(boot, 'dev') ?? '').map((dev) => dev === 'hd' ? 'disk' : dev === 'fd' ? 'floppy' : dev)
  return devices.length > 0 ? devices.join(',') : null
}

/**
 * Makes a domain boot from these, in this order: `disk`, `cdrom`, `floppy`, `network` (all of that kind, in their order), a
 * disk's target, or an interface's MAC address. The order is written at the devices; those that are not named are not booted from.
 * @throws UsageError for a device that it does not have
 */
export function setBootOrder(root: XmlElement, wanted: readonly string[]): void {
  const named = new Set(wanted.filter((word) => !isKind(word)).map((word) => deviceNamed(root, word)))
  const meant = (word: string) => isKind(word) ? ofKind(root, word).filter((each) => !named.has(each)) : [deviceNamed(root, word)]
  const devices = [...new Set(wanted.flatMap(meant))]
  if (devices.length === 0) throw new UsageError(`the machine has no ${wanted.map((word) => words[word as Kind]).join(' and no ')} to boot from`)
  const before = orderedDevices(root)
  if (before.length === devices.length && before.every((each, at) => each === devices[at])) return
  // libvirt refuses both together.
  remove(root, 'os/boot')
  for (const device of before) if (!devices.includes(device)) remove(device, 'boot')
  devices.forEach((device, at) => {
    const boot = child(device, 'boot')
    if (boot) boot.attributes['order'] = String(at + 1)
    else device.children.push(el('boot', { order: at + 1 }))
  })
}

const words: Record<Kind, string> = { disk: 'disk', cdrom: 'CD-ROM', floppy: 'floppy drive', network: 'network interface' }

function isKind(word: string): word is Kind {
  return kinds.some((kind) => kind === word)
}

function devicesOf(root: XmlElement): XmlElement[] {
  return children(child(root, 'devices'))
}

function orderedDevices(root: XmlElement): XmlElement[] {
  const orderOf = (device: XmlElement) => integer(attr(child(device, 'boot'), 'order'))
  return devicesOf(root).filter((device) => orderOf(device) !== null).sort((a, b) => (orderOf(a) ?? 0) - (orderOf(b) ?? 0))
}

function ofKind(root: XmlElement, kind: Kind): XmlElement[] {
  return devicesOf(root).filter((device) => kindOf(device) === kind)
}

function kindOf(device: XmlElement): Kind | null {
  if (device.name === 'interface') return 'network'
  if (device.name !== 'disk') return null
  const type = attr(device, 'device') ?? 'disk'
  return type === 'lun' ? 'disk' : kinds.find((kind) => kind === type) ?? null
}

function deviceNamed(root: XmlElement, word: string): XmlElement {
  const found = devicesOf(root).find((device) => kindOf(device) !== null && nameOf(device).toLowerCase() === word.toLowerCase())
  if (found) return found
  const known = devicesOf(root).filter((device) => kindOf(device) !== null).map(nameOf)
  throw new UsageError(`the machine has no "${word}" to boot from`, `it has ${known.join(', ') || 'neither disks nor network interfaces'}`)
}

/** What a person calls it. */
function nameOf(device: XmlElement): string {
  switch (device.name) {
    case 'disk': return attr(child(device, 'target'), 'dev') ?? device.name
    case 'interface': return attr(child(device, 'mac'), 'address') ?? device.name
    default: return device.name
  }
}
