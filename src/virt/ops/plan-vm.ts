import { randomUUID } from 'node:crypto'
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import type { DiskSpec } from '../../xml/domain-disks.js'
import type { NicSpec } from '../../xml/domain-nics.js'
import { domainElement, type DomainSpec } from '../../xml/domain.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { chooseDevices, type MachineDevices } from '../../provision/profile-devices.js'
import { chooseHardware, type Hardware } from './hardware.js'
import { macOf } from './mac.js'
import type { NewNic, NewVm } from './new-vm.js'
import { planDisks, type PlannedDisk } from './plan-disks.js'
import { volumeNamed } from './plan-image.js'
import { planPci } from './plan-pci.js'

/** All that will be made for a machine, decided before anything is made. */
export interface VmPlan {
  request: NewVm
  uuid: string
  disks: PlannedDisk[]
  /** The domain's XML, given where its disks' volumes really are. */
  xml: (diskPaths: readonly string[]) => string
  notes: string[]
}

/**
 * Checks a request against the host and decides everything. Only looks.
 * @throws UsageError or BayError for what cannot be made
 */
export async function planVm(connection: Connection, request: NewVm): Promise<VmPlan> {
  const hardware = chooseHardware(connection, { virt: request.virt })
  const { devices, notes } = chooseDevices(request, hardware)
  checkAgainst(hardware, request)
  checkNics(connection, request.nics)
  const pci = planPci(connection, request.gpus)
  const uuid = randomUUID()
  const disks = await planDisks(connection, request, devices.diskBus)
  const media = await planMedia(connection, request, hardware)
  const spec = { ...specOf(request, hardware, devices, { uuid, seed: disks.find(({ seed }) => seed) }), pci: pci.addresses }
  const xml = (paths: readonly string[]) => serialize(domainElement({
    ...spec, disks: [...disks.map((disk, index) => diskSpec(disk, paths[index] ?? disk.path)), ...media],
  }))
  return { request, uuid, disks, xml, notes: [...hardware.note ? [hardware.note] : [], ...notes, ...pci.notes] }
}

function checkAgainst(hardware: Hardware, { vcpus, graphics }: NewVm): void {
  if (vcpus > hardware.maxVcpus) throw new UsageError(`--vcpus ${vcpus}: this host's machines have at most ${hardware.maxVcpus}`)
  if (graphics !== undefined && graphics !== 'none' && !hardware.graphics.includes(graphics)) {
    throw new UsageError(`this host's machines have no ${graphics} display`, `--graphics ${[...hardware.graphics, 'none'].join('|')}`)
  }
}

function checkNics(connection: Connection, nics: readonly NewNic[]): void {
  for (const { kind, source, filter } of nics) {
    if (kind === 'network') checkNetwork(connection, source ?? '')
    if (filter !== undefined) checkFilter(connection, filter)
  }
}

function checkNetwork(connection: Connection, name: string): void {
  try {
    using network = connection.network(name)
    if (network.isActive()) return
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw error.restated(`there is no network named ${name}`, ['bay net list', '--network NET, user or none'])
  }
  throw new BayError('wrong-state', `the network ${name} is not active`, { hints: [`bay net start ${name}`] })
}

/** libvirt takes a name that no filter has, and fails only when the machine starts. */
function checkFilter(connection: Connection, name: string): void {
  try {
    using filter = connection.filter(name)
    filter.name()
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw error.restated(`there is no filter named ${name}`, ['bay filter list'])
  }
}

/** The installer's disc. */
async function planMedia(connection: Connection, { source }: NewVm, { diskBuses }: Hardware): Promise<DiskSpec[]> {
  if (source.kind === 'kernel') await mustExist(connection, '--kernel', source.kernel)
  if (source.kind === 'kernel' && source.initrd !== undefined) await mustExist(connection, '--initrd', source.initrd)
  if (source.kind !== 'iso') return []
  using volume = volumeNamed(connection, source.iso) ?? null
  const path = volume ? volume.path() : resolve(source.iso)
  if (!volume) await mustExist(connection, '--iso', path)
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
}

function specOf(request: NewVm, hardware: Hardware, devices: MachineDevices, { uuid, seed }: Identity): DomainSpec {
  const { name, memory, vcpus, source, profile } = request
  const graphics = request.graphics ?? (source.kind === 'kernel' || !hardware.graphics.includes('vnc') ? 'none' : 'vnc')
  const { virt, arch, machine, emulator, qemu } = hardware
  const { firmware, secureBoot, tpm, clock, hyperv, video, rng, agent } = devices
  return {
    name, uuid, memory, vcpus, type: virt, arch, machine, emulator, firmware, secureBoot, tpm, clock, hyperv, rng, agent,
    // The host's own model: all that it can, and it may still move to a host that is alike.
    cpu: devices.cpu ?? (virt === 'kvm' && hardware.cpuModes.includes('host-model') ? 'host-model' : undefined),
    description: request.description,
    metadata: profile === null && !seed ? undefined : { profile, seed: seed && `${seed.pool}/${seed.volume}` },
    os: source.kind === 'kernel' ? { ...source, kind: 'kernel' } : undefined,
    nics: request.nics.map((nic, index) => nicSpec(nic, devices, macOf(uuid, index))),
    ...(graphics === 'none' ? {} : { graphics: { type: graphics, listen: '127.0.0.1', autoport: true }, tablet: qemu, video }),
    serial: qemu,
  }
}

function nicSpec({ kind, source, mac, filter }: NewNic, { nicModel }: MachineDevices, derived: string): NicSpec {
  return { kind, source, mac: mac ?? derived, model: nicModel, filter }
}

function diskSpec({ format, bus, seed }: PlannedDisk, path: string): DiskSpec {
  // A logical pool's volumes, among others, are block devices.
  const type = path.startsWith('/dev/') ? 'block' : 'file'
  return { device: 'disk', source: { type, path }, format, bus, readonly: seed }
}
