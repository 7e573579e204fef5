import { BayError, UsageError } from '../../errors.js'
import { formatPci, pciNodeName, readPciDevice, readPciOfDomain, type PciAddress, type PciDevice } from '../../xml/pci.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { readMachines } from './machine-xml.js'

export interface PciPlan {
  /** what was asked for, and what cannot be parted from it */
  addresses: PciAddress[]
  notes: string[]
}

/** How a device of the host is read; null when there is none. */
type Look = (address: PciAddress) => PciDevice | null

/**
 * The PCI devices for a machine: with each comes the rest of its card, such as a GPU's sound, for the IOMMU cannot part them.
 * Only looks. @throws UsageError or BayError for a device that the machine could not have
 */
export function planPci(connection: Connection, asked: readonly PciAddress[]): PciPlan {
  if (asked.length === 0) return { addresses: [], notes: [] }
  const addresses = wholeGroups(asked, (address) => lookUp(connection, address))
  const users = usersOf(connection, addresses)
  const running = users.find((user) => user.running)
  if (running) throw new BayError('wrong-state', `--gpu ${running.device}: the machine ${running.name} has it and runs`, { hints: [`bay vm stop ${running.name}`] })
  return { addresses, notes: users.map(({ name, device }) => `the device ${device} is also the machine ${name}'s: only one of them can run at a time`) }
}

/** @throws UsageError, BayError `wrong-state` */
export function wholeGroups(asked: readonly PciAddress[], look: Look): PciAddress[] {
  const found = new Map<string, PciAddress>()
  for (const address of asked) {
    for (const each of groupOf(address, asked, look)) found.set(formatPci(each), each)
  }
  return [...found.values()]
}

function groupOf(address: PciAddress, asked: readonly PciAddress[], look: Look): PciAddress[] {
  const where = `--gpu ${formatPci(address)}`
  const device = look(address)
  if (!device) throw new UsageError(`${where}: the host has no such PCI device`, 'see what it has: lspci -D')
  if (isBridge(device)) throw new UsageError(`${where} is a bridge, which the host itself needs`)
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
      hints: [`give the machine these too: ${strangers.map((each) => `--gpu ${formatPci(each)}`).join(' ')}`, 'or put the card into another slot'],
    })
  }
  return [address, ...others.filter((each) => isSameCard(each, address))]
}

/** Bridges of a group stay with the host. */
function isEndpoint(device: PciDevice | null): boolean {
  return device !== null && !isBridge(device)
}

function isBridge({ class: code }: PciDevice): boolean {
  return code >> 16 === 0x06
}

function isSameCard(one: PciAddress, other: PciAddress): boolean {
  return one.domain === other.domain && one.bus === other.bus && one.slot === other.slot
}

function lookUp(connection: Connection, address: PciAddress): PciDevice | null {
  return unlessGone(() => {
    using device = connection.device(pciNodeName(address))
    return readPciDevice(device.xml())
  }, failure.noNodeDevice)
}

interface User { name: string, running: boolean, device: string }

/** One look at each machine of the host: only a machine that gets a device pays for it. */
function usersOf(connection: Connection, addresses: readonly PciAddress[]): User[] {
  const wanted = new Set(addresses.map(formatPci))
  return readMachines(connection, { running: false }).flatMap(({ name, running, xmls }) => {
    const devices = new Set(xmls.flatMap(readPciOfDomain).map(formatPci))
    return [...devices].filter((device) => wanted.has(device)).map((device) => ({ name, running, device }))
  })
}
