import { BayError, UsageError } from '../../errors.js'
import { Findings } from '../../findings.js'
import { sh } from '../../shell.js'
import { readHostDevice, type HostDevice } from '../../xml/host-device.js'
import { formatPci, isBridge, isDisplay, isSameCard, pciNodeName, type PciAddress, type PciDevice } from '../../xml/pci.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { refuseHostUse } from './host-use.js'
import { machineUses, pciDevices } from './list-host-devices.js'

export interface PciPlan {
  /** what was asked for, and what cannot be parted from it */
  addresses: PciAddress[]
  notes: string[]
}

export interface PciWanted {
  asked: readonly PciAddress[]
  /** `--gpu `, or nothing: what stands before an address on the command line */
  say: string
  /** all functions of a card come along, such as a GPU's sound and its USB port, whatever their IOMMU groups are */
  wholeCard: boolean
  /** one of them must be a graphics card */
  graphics?: boolean
  /** the machine that is to have them, and may have them already */
  machine?: string
  /** the host loses them at once, so what it has on them must be told to give way */
  now: boolean
}

/** How a device of the host is read; null when there is none. */
type Look = (address: PciAddress) => PciDevice | null

/**
 * The PCI devices for a machine: with each comes the rest of its card, such as a GPU's sound, for the IOMMU cannot part them.
 * Only looks. @throws UsageError or BayError for a device that the machine could not have; a FindingsError for several reasons
 */
export function planPci(connection: Connection, wanted: PciWanted): PciPlan {
  if (wanted.asked.length === 0) return { addresses: [], notes: [] }
  const devices = new Map<string, (HostDevice & { kind: 'pci' }) | null>()
  const find = (address: PciAddress) => {
    const name = formatPci(address)
    const device = devices.get(name) ?? lookUp(connection, address)
    devices.set(name, device)
    return device
  }
  const findings = new Findings()
  const hasGroups = () => pciDevices(connection).some(({ pci }) => pci.iommuGroup !== null)
  const whole = () => wholeGroups(wanted, (address) => find(address)?.pci ?? null, hasGroups)
  const addresses = findings.look(whole).found ?? [...wanted.asked]
  findings.look(() => {
    const [first] = wanted.asked
    if (!wanted.graphics || !first || addresses.some((each) => isDisplay(find(each)?.pci ?? { class: 0x030000 }))) return
    const hints = ['any PCI device: bay vm attach pci', 'the graphics cards: bay host devices --gpu']
    throw new UsageError(`${formatPci(first)} is no graphics card`, ...hints)
  })
  const taken = addresses.flatMap((address) => find(address) ?? [])
  const notes = findings.look(() => refuseOthers(connection, addresses, wanted)).found ?? []
  const busy = findings.look(() => refuseHostUse(connection, taken, wanted)).found ?? []
  findings.end()
  return { addresses, notes: [...notes, ...busy] }
}

/** @throws UsageError, BayError `wrong-state`; FindingsError */
export function wholeGroups(
  { asked, say, wholeCard }: Pick<PciWanted, 'asked' | 'say' | 'wholeCard'>, look: Look, hasGroups: () => boolean,
): PciAddress[] {
  const found = new Map<string, PciAddress>()
  const findings = new Findings()
  for (const address of asked) {
    findings.look(() => {
      const functions = wholeCard ? cardOf(address, look) : [address]
      for (const each of functions.flatMap((one) => groupOf(one, asked, { look, say, hasGroups }))) found.set(formatPci(each), each)
    })
  }
  findings.end()
  return [...found.values()]
}

/** The functions of a card, first the one that was asked for. */
function cardOf(address: PciAddress, look: Look): PciAddress[] {
  const functions = [0, 1, 2, 3, 4, 5, 6, 7].map((number) => ({ ...address, function: number }))
  return [address, ...functions.filter((each) => each.function !== address.function && isEndpoint(look(each)))]
}

/** How the host's devices are looked at; `hasGroups` tells whether the IOMMU guards any. */
interface Looks { look: Look, say: string, hasGroups: () => boolean }

function groupOf(address: PciAddress, asked: readonly PciAddress[], { look, say, hasGroups }: Looks): PciAddress[] {
  const where = `${say}${formatPci(address)}`
  const device = look(address)
  if (!device) throw new UsageError(`${where}: the host has no such PCI device`, 'see what it has: bay host devices --pci')
  if (isBridge(device)) throw new UsageError(`${where} is a bridge, which the host itself needs`)
  if (!device.iommuGroup && hasGroups()) {
    throw new BayError('wrong-state', `${where} is in no IOMMU group, though the host has an IOMMU: it does not guard this device`, {
      hints: ['put the card into another slot', 'whether the firmware leaves it out: dmesg, DMAR or IVRS, on the host', 'what is in a group: bay host devices --pci'],
    })
  }
  if (!device.iommuGroup) {
    throw new BayError('wrong-state', `${where}: the host has no IOMMU, so no machine can have it to itself`, {
      hints: ['switch on VT-d or AMD-Vi in the firmware', 'boot the host with intel_iommu=on or amd_iommu=on on its kernel command line'],
    })
  }
  const { number, members } = device.iommuGroup
  const others = members.filter((each) => isEndpoint(look(each)))
  const strangers = others.filter((each) => !isSameCard(each, address) && !asked.some((one) => isSameCard(each, one)))
  if (strangers.length > 0) {
    throw new BayError('wrong-state', `${where}: its IOMMU group ${number} also has ${strangers.map(formatPci).join(', ')}`, {
      hints: [`give the machine these too: ${strangers.map((each) => `${say}${formatPci(each)}`).join(' ')}`, 'or put the card into another slot'],
    })
  }
  return [address, ...others.filter((each) => isSameCard(each, address))]
}

/** Bridges of a group stay with the host. */
function isEndpoint(device: PciDevice | null): boolean {
  return device !== null && !isBridge(device)
}

function lookUp(connection: Connection, address: PciAddress): (HostDevice & { kind: 'pci' }) | null {
  const device = unlessGone(() => {
    using node = connection.device(pciNodeName(address))
    return readHostDevice(node.xml())
  }, failure.noNodeDevice)
  return device?.kind === 'pci' ? device : null
}

/** One look at each machine of the host: only a machine that gets a device pays for it. Gives notes. */
function refuseOthers(connection: Connection, addresses: readonly PciAddress[], { say, machine }: PciWanted): string[] {
  const wanted = addresses.map(formatPci)
  const users = machineUses(connection).filter((use) => use.machine !== machine)
    .flatMap(({ machine: name, running, pci }) => {
      const devices = wanted.filter((device) => pci.has(device))
      return devices.map((device) => ({ name, running, device }))
    })
  const running = users.find((user) => user.running)
  if (running) {
    throw new BayError('wrong-state', `${say}${running.device}: the machine ${running.name} has it and runs`, {
      hints: [sh`bay vm detach ${running.name} ${running.device}`, sh`bay vm stop ${running.name}`],
    })
  }
  return users.map(({ name, device }) => `the device ${device} is also the machine ${name}'s: only one of them can run at a time`)
}
