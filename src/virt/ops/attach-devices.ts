import { sh } from '../../shell.js'
import { addDevice, removeDevice } from '../../xml/domain-edit.js'
import { described, isSameDevice } from '../../xml/machine-devices.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { affect } from '../flags.js'
import { storedDefinition } from './change-definition.js'
import { documentsOf, type Places } from './device-places.js'
import { recordChange } from './history.js'
import { isInProcess } from './in-process.js'
import { disown } from './journal-dead.js'
import { devicesOf, madeDevices } from './undo-device.js'
import type { Rollback } from './rollback.js'

export interface AttachedDevice {
  kind: string
  target: string | null
  mac: string | null
  /** where the guest has it, as MachineDevice says it; as it runs, else as it will start */
  address: string | null
  source: string | null
  /** where the machine has it now */
  where: Places
}

export interface AttachOptions {
  command: string
  dryRun: boolean
  /** has undone what was made for the devices, when they cannot be attached */
  rollback: Rollback
}

/**
 * Attaches devices to a machine as it runs and as it will start, as far as it has them not yet: all of them in both places, or
 * none anywhere, after `bay recover` also when this run is killed. First into the definition, which can always be put back, then
 * live, at the address that libvirt chose there, so that the guest finds it in the same slot at its next start. Whoever calls has
 * the machine's name for itself.
 * @throws VirtError when libvirt refuses one of them
 */
export async function attachDevices(
  connection: Connection, domain: Domain, devices: readonly XmlElement[], places: Places,
  { command, dryRun, rollback }: AttachOptions,
): Promise<{ changed: boolean, devices: AttachedDevice[] }> {
  const has = documentsOf(domain, places)
  const [forConfig, forLive] = [missingIn(has.config, devices), missingIn(has.live, devices)]
  const changed = forConfig.length + forLive.length > 0
  const shown = devices.filter(({ name }) => name !== 'controller')
  if (dryRun || !changed) return { changed, devices: shown.map((device) => outcomeOf(domain, device)) }
  await takeOver(connection, domain, devices)
  const before = places.config ? storedDefinition(domain) : ''
  using record = forConfig.length > 0 ? recordChange(connection, domain, { command, before }) : null
  if (forConfig.length > 0) await define(connection, domain, { before, devices: forConfig }, rollback)
  const config = documentsOf(domain, { live: false, config: places.config }).config
  for (const device of forLive) await attachLive(connection, domain, device, config, rollback)
  rollback.keep()
  if (record) record.keep(storedDefinition(domain))
  return { changed, devices: shown.map((device) => outcomeOf(domain, device)) }
}

/** None where there is no such document. */
function missingIn(root: XmlElement | null, devices: readonly XmlElement[]): XmlElement[] {
  return root === null ? [] : devices.filter((device) => find(root, device) === undefined)
}

function find(root: XmlElement, device: XmlElement): XmlElement | undefined {
  return children(child(root, 'devices'), device.name).find((each) => isSameDevice(each, device))
}

/** What a dead run had begun with these devices, this one completes: `bay recover` has nothing to do with it any more. */
async function takeOver(connection: Connection, domain: Domain, devices: readonly XmlElement[]): Promise<void> {
  if (isInProcess(connection.uri())) return
  const uuid = domain.uuid()
  await disown(({ undo }) => (undo.kind === 'stored-devices' || undo.kind === 'running-device') && undo.uuid === uuid
    && devicesOf(undo).some((each) => devices.some((device) => isSameDevice(each, device))))
}

async function define(
  connection: Connection, domain: Domain, { before, devices }: { before: string, devices: readonly XmlElement[] },
  rollback: Rollback,
): Promise<void> {
  const root = parse(before)
  for (const device of devices) addDevice(root, device)
  const made = madeDevices({ uuid: domain.uuid(), name: domain.name() }, devices.filter(({ name }) => name !== 'controller'))
  const put = (xml: string) => { connection.defineDomain(xml)[Symbol.dispose]() }
  // libvirt adds a controller where one is needed: only the whole definition takes that back too.
  await rollback.make(connection, { kind: 'stored-devices', ...made }, () => put(serialize(root)), () => put(before))
}

async function attachLive(
  connection: Connection, domain: Domain, device: XmlElement, config: XmlElement | null, rollback: Rollback,
): Promise<void> {
  const made = madeDevices({ uuid: domain.uuid(), name: domain.name() }, [device])
  await rollback.make(connection, { kind: 'running-device', ...made }, () => attachWhere(domain, device, config && find(config, device)))
}

/** An address that is free in the definition may be taken in the machine as it runs. */
async function attachWhere(domain: Domain, device: XmlElement, stored: XmlElement | null | undefined): Promise<void> {
  const address = child(stored ?? undefined, 'address')
  const placed = attr(address, 'type') === 'pci' && address && !child(device, 'address') ? { ...device, children: [...device.children, address] } : null
  if (placed) {
    try {
      return await domain.attachDevice(serialize(placed), affect.live)
    } catch (error) {
      if (!(error instanceof VirtError) || !/address|slot|controller|bus/i.test(error.message)) throw error
    }
  }
  try {
    await domain.attachDevice(serialize(device), affect.live)
  } catch (error) {
    throw error instanceof VirtError ? inOtherWords(error, domain.name()) : error
  }
}

function inOtherWords(error: VirtError, name: string): VirtError {
  if (/passthrough of host PCI devices/i.test(error.message)) {
    return error.restated('the host cannot give its PCI devices away now', ['on the host: modprobe vfio-pci, then ls /dev/vfio/vfio', 'bay host devices --pci has the IOMMU groups'])
  }
  if (!/no more available pci slots/i.test(error.message)) return error
  return error.restated('the machine has no empty slot for one more device while it runs', [
    '--next-start attaches it for the next start, where libvirt makes room', sh`bay vm stop ${name}, then attach it`,
  ])
}

/** What a machine has of a device. */
export function outcomeOf(domain: Domain, device: XmlElement): AttachedDevice {
  const has = documentsOf(domain, { live: domain.isActive(), config: domain.isPersistent() })
  const [live, config] = [has.live && find(has.live, device), has.config && find(has.config, device)]
  const { kind, target, mac, source } = described(device)
  return {
    kind, target: kind === 'nic' ? (live && described(live).target) ?? null : target, mac, source,
    address: (live && described(live).address) ?? (config && described(config).address) ?? null,
    where: { live: Boolean(live), config: Boolean(config) },
  }
}

/** Takes the devices out of a parsed definition. */
export function withoutDevices(root: XmlElement, devices: readonly XmlElement[]): void {
  for (const device of devices) removeDevice(root, device)
}
