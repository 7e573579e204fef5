import { isSameDevice } from '../../xml/machine-devices.js'
import type { XmlElement } from '../../xml/node.js'
import { pciElement, type PciAddress } from '../../xml/pci.js'
import { child, children } from '../../xml/tree.js'
import { usbElement, type UsbName } from '../../xml/usb.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { attachDevices, type AttachedDevice } from './attach-devices.js'
import { documentsOf, placesOf, type Places } from './device-places.js'
import { journalFor } from './journal.js'
import { planPci } from './plan-pci.js'
import { planUsb } from './plan-usb.js'
import { Rollback } from './rollback.js'

/** A device of the host for a machine. */
export type HostDeviceWanted
  = { kind: 'usb', usb: UsbName, /** the machine starts without it, too */ optional: boolean }
    | { kind: 'pci' | 'gpu', asked: readonly PciAddress[] }

export interface AttachHostDeviceOptions {
  nextStart: boolean
  dryRun: boolean
  /** also when the host uses it */
  force: boolean
  signal?: AbortSignal
}

/**
 * Gives a machine a device of its host, as it runs and as it will start: a graphics card with all of its functions. What it has
 * already is left alone.
 * @throws UsageError, BayError `not-found`, `wrong-state`; a FindingsError for all that stands in the way; VirtError
 */
export async function attachHostDevice(
  connection: Connection, domain: Domain, wanted: HostDeviceWanted, { nextStart, dryRun, force, signal }: AttachHostDeviceOptions,
): Promise<{ changed: boolean, devices: AttachedDevice[], notes: string[] }> {
  const places = placesOf(domain, { nextStart })
  const { devices, notes } = plan(connection, domain, wanted, { places, force })
  const command = `vm attach ${wanted.kind}`
  using journal = journalFor(connection, { command, name: domain.name() })
  await using rollback = new Rollback(signal, journal)
  return { ...await attachDevices(connection, domain, devices, places, { command, dryRun, rollback }), notes }
}

function plan(
  connection: Connection, domain: Domain, wanted: HostDeviceWanted, { places, force }: { places: Places, force: boolean },
): { devices: XmlElement[], notes: string[] } {
  const has = (device: XmlElement) => isEverywhere(domain, device, places)
  const more = { machine: domain.name(), say: '', now: places.live && !force }
  if (wanted.kind === 'usb') {
    const { usb: asked, optional } = wanted
    const asIs = usbElement(asked, { optional })
    if (has(asIs)) return { devices: [asIs], notes: [] }
    const { usb, notes } = planUsb(connection, { ...more, asked, optional, live: places.live })
    return { devices: [usbElement(usb, { optional })], notes }
  }
  const graphics = wanted.kind === 'gpu'
  const { addresses, notes } = planPci(connection, { ...more, asked: wanted.asked, wholeCard: graphics, graphics })
  return { devices: addresses.map(pciElement), notes }
}

function isEverywhere(domain: Domain, device: XmlElement, places: Places): boolean {
  const { live, config } = documentsOf(domain, places)
  return [live, config].every((root) => root === null || children(child(root, 'devices'), device.name).some((each) => isSameDevice(each, device)))
}
