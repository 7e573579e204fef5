import { randomUUID } from 'node:crypto'
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError } from '../../errors.js'
import { Findings } from '../../findings.js'
import type { DiskSpec } from '../../xml/domain-disks.js'
import type { NicSpec } from '../../xml/domain-nics.js'
import { domainElement, type DomainSpec } from '../../xml/domain.js'
import { serialize, type Attributes } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { chooseDevices, type MachineDevices } from '../../provision/profile-devices.js'
import { checkFiles } from './check-vm-files.js'
import { checkHostMemory } from './check-vm-memory.js'
import { refuseLeftFiles, refuseTakenName } from './check-vm-name.js'
import { checkNics, isStopped } from './check-vm-nics.js'
import { chooseHardware, type Hardware } from './hardware.js'
import { macOf } from './mac.js'
import type { NewNic, NewVm } from './new-vm.js'
import { isOwnHost } from './own-host.js'
import { addressMarks, planAddress, type PlannedAddress } from './plan-address.js'
import { planDisks, type PlannedDisk } from './plan-disks.js'
import { volumeNamed } from './plan-image.js'
import { planInstall, withDrives, type PlannedInstall } from './plan-install.js'
import { planPci } from './plan-pci.js'

/** All that will be made for a machine, decided before anything is made. */
export interface VmPlan {
  request: NewVm
  uuid: string
  /** networks that are stopped and will be started before */
  networks: string[]
  disks: PlannedDisk[]
  /** undefined when it is installed by hand, or already */
  install?: PlannedInstall
  /** of the first interface, when one was asked for */
  address?: PlannedAddress
  /** The domain's XML, given where its disks' volumes really are. */
  xml: (diskPaths: readonly string[]) => string
  notes: string[]
}

export interface PlanOptions {
  /** asked when all is well but for these networks, which are stopped: whether they may be started; never when it is left out */
  mayStart?: (networks: readonly string[]) => Promise<boolean>
}

/**
 * Checks a request against the host and decides everything. Only looks.
 * @throws UsageError or BayError for what cannot be made; a FindingsError for several such things
 */
export async function planVm(connection: Connection, request: NewVm, { mayStart }: PlanOptions = {}): Promise<VmPlan> {
  const findings = new Findings()
  const ownHost = isOwnHost(connection)
  const free = findings.look(() => refuseTakenName(connection, request.name))
  const hardware = findings.look(() => chooseHardware(connection, { virt: request.virt }))
  const chosen = findings.look(() => chooseDevices(request, hardware.value))
  if (ownHost && free.ok) findings.look(() => refuseLeftFiles(connection, request.name, { uefi: chosen.found?.devices.firmware === 'uefi' }))
  const memory = findings.look(() => checkAgainst(connection, hardware.value, request, findings))
  const nics = checkNics(connection, request.nics, { findings, ownHost })
  const uuid = randomUUID()
  const address = findings.look(() => planAddress(connection, request, request.nics[0]?.mac ?? macOf(uuid)))
  const pci = findings.look(() => planPci(connection, { asked: request.gpus, say: '--gpu ', wholeCard: true, now: false }))
  const bus = chosen.found?.devices.diskBus ?? 'virtio'
  const planned = await findings.wait(() => planDisks(connection, request, { bus, ownHost, nameIsTaken: !free.ok }))
  const media = await planMedia(connection, request, hardware.found?.diskBuses ?? [], findings)
  const install = findings.look(() => planInstall(connection, request, {
    hardware: hardware.value, devices: chosen.value.devices, disk: planned.value.disks[0], disc: media[0],
  }))
  if (ownHost && hardware.found) {
    const files = { source: request.source, plan: planned.found, iso: media.flatMap(({ source }) => source && 'path' in source ? source.path : [])[0] }
    await checkFiles(connection, files, hardware.found.emulatorUser, findings)
  }
  if (nics.stopped.length > 0 && !(findings.none && await mayStart?.(nics.stopped))) {
    for (const name of nics.stopped) findings.look(() => { throw isStopped(name) })
  }
  findings.end()
  const { disks, notes } = planned.value
  const identity = { uuid, seed: disks.find(({ seed }) => seed), address: address.value }
  const spec = { ...specOf(request, hardware.value, chosen.value.devices, identity), pci: pci.value.addresses }
  const xml = (paths: readonly string[]) => serialize(domainElement({
    ...spec,
    ...withDrives(install.value, { own: disks.map((disk, index) => diskSpec(disk, paths[index] ?? disk.path)), media, paths }),
  }))
  const before = [hardware.value.note, memory.value, ...nics.notes, ...address.value?.notes ?? [], ...notes]
  return {
    request, uuid, networks: nics.stopped, disks: [...disks, ...install.value?.volumes ?? []], install: install.value,
    address: address.value, xml,
    notes: [...before.flatMap((note) => note ?? []), ...chosen.value.notes, ...install.value?.notes ?? [], ...pci.value.notes],
  }
}

/** Gives a note. What a driver without machines of its own says of memory is made up. */
function checkAgainst(
  connection: Connection, hardware: Hardware, { vcpus, graphics, memory, start }: NewVm, findings: Findings,
): string | undefined {
  findings.look(() => {
    if (vcpus > hardware.maxVcpus) throw new UsageError(`--vcpus ${vcpus}: this host's machines have at most ${hardware.maxVcpus}`)
  })
  findings.look(() => {
    if (graphics === undefined || graphics === 'none' || hardware.graphics.includes(graphics)) return
    throw new UsageError(`this host's machines have no ${graphics} display`, `--graphics ${[...hardware.graphics, 'none'].join('|')}`)
  })
  return hardware.qemu ? checkHostMemory(connection, memory, { start }) : undefined
}

/** The installer's disc. */
async function planMedia(
  connection: Connection, { source }: NewVm, diskBuses: readonly string[], findings: Findings,
): Promise<DiskSpec[]> {
  const needs = (flag: string, path: string) => findings.wait(() => mustExist(connection, flag, path))
  if (source.kind === 'kernel') await needs('--kernel', source.kernel)
  if (source.kind === 'kernel' && source.initrd !== undefined) await needs('--initrd', source.initrd)
  if (source.kind !== 'iso') return []
  using volume = volumeNamed(connection, source.iso) ?? null
  const path = volume ? volume.path() : resolve(source.iso)
  if (!volume) await needs('--iso', path)
  return [{ device: 'cdrom', source: { type: 'file', path }, format: 'raw', bus: diskBuses.includes('sata') ? 'sata' : 'scsi' }]
}

/** Files are the host's, so only a local host's can be looked at; another host says it at the start. */
async function mustExist(connection: Connection, flag: string, path: string): Promise<void> {
  if (!path.startsWith('/')) throw new UsageError(`${flag} ${path}: give the whole path on the host, from /`)
  if (!connection.isLocal()) return
  await access(path).catch(() => { throw new UsageError(`${flag} ${path}: there is no such file, or it may not be read`) })
}

interface Identity {
  uuid: string
  /** the disc for cloud-init */
  seed: PlannedDisk | undefined
  address: PlannedAddress | undefined
}

function specOf(request: NewVm, hardware: Hardware, devices: MachineDevices, { uuid, seed, address }: Identity): DomainSpec {
  const { name, memory, vcpus, source, profile } = request
  const graphics = request.graphics ?? (source.kind === 'kernel' || !hardware.graphics.includes('vnc') ? 'none' : 'vnc')
  const { virt, arch, machine, emulator, qemu } = hardware
  const { firmware, secureBoot, tpm, clock, hyperv, video, rng, agent } = devices
  return {
    name, uuid, memory, vcpus, type: virt, arch, machine, emulator, firmware, secureBoot, tpm, clock, hyperv, rng, agent,
    // The host's own model: all that it can, and it may still move to a host that is alike.
    cpu: devices.cpu ?? (virt === 'kvm' && hardware.cpuModes.includes('host-model') ? 'host-model' : undefined),
    description: request.description,
    metadata: metadataOf({ profile, seed: seed && `${seed.pool}/${seed.volume}`, ...address && addressMarks(address) }),
    os: source.kind === 'kernel' ? { ...source, kind: 'kernel' } : undefined,
    nics: request.nics.map((nic, index) => nicSpec(nic, devices, macOf(uuid, index))),
    ...(graphics === 'none' ? {} : { graphics: { type: graphics, listen: '127.0.0.1', autoport: true }, tablet: qemu, video }),
    serial: qemu, pciePorts: qemu && machine !== undefined && pcieMachines.includes(machine) ? pciePorts : undefined,
  }
}

/** The machines whose PCI devices each sit in a port of their own. A new one has half a dozen; the rest is for later ones. */
const pcieMachines = ['q35', 'virt']
const pciePorts = 14

/** None where there is nothing to keep. */
function metadataOf(attributes: Attributes): Attributes | undefined {
  return Object.values(attributes).some((value) => value !== undefined && value !== null) ? attributes : undefined
}

function nicSpec({ kind, source, mac, filter, address }: NewNic, { nicModel }: MachineDevices, derived: string): NicSpec {
  // Else libvirt would learn the address from the first packet that the guest sends.
  const filterParameters = filter !== undefined && address ? [{ name: 'IP', value: address.address }] : undefined
  return { kind, source, mac: mac ?? derived, model: nicModel, filter, filterParameters }
}

function diskSpec({ format, bus, seed }: PlannedDisk, path: string): DiskSpec {
  // A logical pool's volumes, among others, are block devices.
  const type = path.startsWith('/dev/') ? 'block' : 'file'
  return { device: 'disk', source: { type, path }, format, bus, readonly: seed }
}
