import { BayError } from '../../errors.js'
import { Findings } from '../../findings.js'
import { partsOn, type HostDevice } from '../../xml/host-device.js'
import { formatPci, isDisplay } from '../../xml/pci.js'
import { isRootHub } from '../../xml/usb.js'
import type { Connection } from '../connection.js'
import { hostParts } from './list-host-devices.js'

export interface HostUseOptions {
  /** what stands before an address on the command line */
  say: string
  /** whether the host loses them at once */
  now: boolean
}

/** Drivers that hold a device for a machine, and for nobody else. */
const waitingDrivers = ['vfio-pci', 'pci-stub']

/**
 * What the host has on devices that a machine is to get: libvirt takes a device from any driver, in the middle of its work. A
 * graphics driver may even never let go, and libvirt wait for ever, while a display or a program uses it; nobody can see from here
 * whether one does.
 * @returns notes, when the host keeps them until the machine starts
 * @throws BayError `wrong-state`, FindingsError, when it would lose them at once
 */
export function refuseHostUse(connection: Connection, devices: readonly HostDevice[], { say, now }: HostUseOptions): string[] {
  const held = devices.filter(isHeld)
  if (held.length === 0) return []
  const parts = hostParts(connection)
  const findings = new Findings()
  const notes = held.flatMap((device) => {
    const on = partsOn(device.path, parts)
    const driver = device.kind === 'pci' && isDisplay(device.pci) ? device.pci.driver : null
    if (on.length === 0 && driver === null) return []
    const what = on.length > 0 ? `the host has ${on.join(', ')} on it` : `the host's driver ${driver} has it, and a display or a program may use it`
    if (!now) return `the device ${addressOf(device)}: ${what}, and must give way before the machine starts`
    findings.look(() => { throw new BayError('wrong-state', `${say}${addressOf(device)}: ${what}`, { hints: hintsFor(device, on, devices) }) })
    return []
  })
  findings.end()
  return notes
}

/** All of the host's devices hang below its hubs, which are refused anyway. */
function isHeld(device: HostDevice): boolean {
  return device.kind === 'usb' ? !isRootHub(device.usb) : !waitingDrivers.includes(device.pci.driver ?? '')
}

function hintsFor(device: HostDevice, on: readonly string[], all: readonly HostDevice[]): string[] {
  const ids = all.flatMap((each) => each.kind === 'pci' ? `${each.pci.vendorId}:${each.pci.productId}` : [])
  return [
    on.length > 0 ? `unmount the disks and take down the interfaces: ${on.join(', ')}` : 'end what uses it: the display manager, nvidia-persistenced, containers',
    ...device.kind === 'pci' ? [`or keep the host's hands off from its start on: vfio-pci.ids=${[...new Set(ids)].join(',')} on its kernel command line`] : [],
    '--next-start leaves it to the host until then', '--force when nothing uses it',
  ]
}

function addressOf(device: HostDevice): string {
  return device.kind === 'pci' ? formatPci(device.pci.address) : device.usb.place
}
