import { BayError, UsageError } from '../../errors.js'
import { diskElement, freeTarget, type DiskSpec } from '../../xml/domain-disks.js'
import { devicesOf } from '../../xml/machine-devices.js'
import { el, type XmlElement } from '../../xml/node.js'
import { all, attr, child } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { attachDevices, type AttachedDevice } from './attach-devices.js'
import { createDisk } from './create-vm.js'
import { coldBuses } from './detach-devices.js'
import { allDocuments, placesOf } from './device-places.js'
import { diskSource, type FoundSource } from './disk-source.js'
import { lockName } from './host-lock.js'
import { isOwnHost } from './own-host.js'
import { checkSpace } from './check-pool-space.js'
import { journalFor } from './journal.js'
import type { PlannedDisk } from './plan-disks.js'
import { PlanPools } from './plan-pools.js'
import { refuseUsed } from './refuse-used.js'
import { Rollback } from './rollback.js'

/** A volume that is made for the disk. Bytes. */
export interface NewDiskVolume { size: number, pool?: string, format?: 'qcow2' | 'raw', name?: string }

export interface DiskWanted extends Pick<DiskSpec, 'target' | 'cache' | 'serial'> {
  /** a new volume, or POOL/NAME, or a path on the host */
  source: { make: NewDiskVolume } | { use: string, format?: string }
  /** undefined for the bus of the machine's other disks */
  bus?: string
  readonly: boolean
  shareable: boolean
}

export interface AttachDiskOptions {
  nextStart: boolean
  dryRun: boolean
  signal?: AbortSignal
  report: (step: string) => void
}

export interface AttachedDisk {
  changed: boolean
  device: AttachedDevice | null
  volume: { pool: string, name: string } | null
  path: string | null
}

/**
 * Gives a machine one more disk, as it runs and as it will start. When that fails, a volume that was made for it is removed again.
 * @throws UsageError, BayError `exists`, `not-found`, `wrong-state` (a volume that somebody else uses), VirtError
 */
export async function attachDisk(
  connection: Connection, domain: Domain, wanted: DiskWanted, { nextStart, dryRun, signal, report }: AttachDiskOptions,
): Promise<AttachedDisk> {
  const places = placesOf(domain, { nextStart })
  const documents = allDocuments(domain)
  const { source } = wanted
  const options = { places, dryRun, signal, report }
  if ('use' in source) {
    const find = () => diskSource(connection, source.use, source.format)
    using _lock = dryRun ? null : await lockSource(connection, find())
    const found = find()
    const disks = documents.flatMap((root) => devicesOf(root)).filter(({ kind }) => kind === 'disk')
    const there = disks.find((disk) => found.names.includes(disk.source ?? ''))
    if (!there) refuseUsed(connection, found, wanted)
    const target = there?.target ?? undefined
    if (there && wanted.target !== undefined && wanted.target !== target) {
      throw new BayError('exists', `${domain.name()} has it already, as ${target}`, { hints: ['leave out --target'] })
    }
    const as = { ...wanted, target: target ?? wanted.target, bus: there ? busOf(there.element) : wanted.bus }
    return await attach(connection, domain, as, found, { ...options, documents })
  }
  using pools = new PlanPools(connection, '--size')
  const disk = planVolume(pools, domain.name(), source.make)
  const has = documents.flatMap((root) => devicesOf(root)).find(({ source: path }) => path === disk.path || path === `${disk.pool}/${disk.volume}`)
  if (source.make.name !== undefined && has) {
    const as = { ...wanted, target: has.target ?? undefined, bus: busOf(has.element) }
    return await attach(connection, domain, as, made(disk, disk.path), { ...options, documents })
  }
  await checkSpace(pools.choose(disk.pool), [disk], { ownHost: isOwnHost(connection) })
  return await attach(connection, domain, wanted, { make: disk }, { ...options, documents })
}

interface Circumstances {
  places: { live: boolean, config: boolean }
  documents: readonly XmlElement[]
  dryRun: boolean
  signal?: AbortSignal
  report: (step: string) => void
}

async function attach(
  connection: Connection, domain: Domain, wanted: DiskWanted, what: FoundSource | { make: PlannedDisk },
  { places, documents, dryRun, signal, report }: Circumstances,
): Promise<AttachedDisk> {
  const bus = wanted.bus ?? usualBus(documents)
  const target = chooseTarget(documents, bus, wanted.target, 'make' in what ? null : what)
  if (places.live && coldBuses.includes(bus) && !isThere(documents, target)) throw isCold(domain.name(), bus)
  using journal = journalFor(connection, { command: 'vm attach disk', name: domain.name() })
  await using rollback = new Rollback(signal, journal)
  if ('make' in what) report(`creating the volume ${what.make.pool}/${what.make.volume}`)
  const source = 'make' in what ? made(what.make, dryRun ? what.make.path : await createDisk(connection, what.make, rollback, signal)) : what
  const disk = diskElement({ ...wanted, ...source, device: 'disk', bus, target }, { virt: attr(documents[0], 'type') ?? '' })
  report(`attaching ${target}`)
  const devices = [...controllersFor(bus, documents), disk]
  const { changed, devices: [device] } = await attachDevices(connection, domain, devices, places, { command: 'vm attach disk', dryRun, rollback })
  return { changed, device: device ?? null, volume: source.volume, path: source.source.type === 'volume' ? null : source.source.path }
}

function made({ pool, volume, format }: PlannedDisk, path: string): FoundSource {
  const type = path.startsWith('/dev/') ? 'block' : 'file'
  return { source: { type, path }, format, volume: { pool, name: volume, path }, names: [path, `${pool}/${volume}`] }
}

/** A volume named as those of a new machine: the machine's name and the next number that is free. */
function planVolume(pools: PlanPools, machine: string, { size, pool: asked, format: wanted, name }: NewDiskVolume): PlannedDisk {
  const { pool, handle, folder, holdsFiles } = pools.choose(asked)
  const format = wanted ?? (holdsFiles ? 'qcow2' : 'raw')
  if (format === 'qcow2' && !holdsFiles) throw new UsageError(`the pool ${pool} holds no qcow2 files`, 'leave out format=')
  using volumes = handle.volumes()
  const taken = new Set(volumes.map((volume) => volume.name()))
  const numbered = (number: number) => `${machine}-${number}.${format === 'raw' ? 'img' : format}`
  let number = 2
  while (taken.has(numbered(number))) number += 1
  const volume = name ?? numbered(number)
  return { pool, volume, capacity: size, format, bus: '', path: `${folder}/${volume}` }
}

/** Two runs must not both find a volume unused, nor one delete it meanwhile. */
async function lockSource(connection: Connection, { volume, names }: FoundSource): Promise<Disposable> {
  return await lockName(connection.uri(), 'vol', volume ? `${volume.pool}/${volume.name}` : names[0] ?? '')
}

/** That of the first disk, for whose bus the guest has a driver; on a bus that no running machine can add to, virtio. */
function usualBus(documents: readonly XmlElement[]): string {
  const first = documents.flatMap((root) => devicesOf(root)).find(({ kind }) => kind === 'disk')
  const bus = first ? busOf(first.element) : undefined
  return bus === undefined || coldBuses.includes(bus) ? 'virtio' : bus
}

function busOf(disk: XmlElement): string | undefined {
  return attr(child(disk, 'target'), 'bus')
}

function isThere(documents: readonly XmlElement[], target: string): boolean {
  return documents.some((root) => devicesOf(root).some((device) => device.target === target))
}

function chooseTarget(documents: readonly XmlElement[], bus: string, asked: string | undefined, mine: FoundSource | null): string {
  const disks = documents.flatMap((root) => devicesOf(root)).filter(({ element }) => element.name === 'disk')
  const taken = new Set(disks.flatMap(({ target }) => target ?? []))
  const free = freeTarget(bus, taken)
  if (asked === undefined) return free
  const prefix = free.replace(/[a-z]$/, '').slice(0, bus === 'xen' ? 3 : 2)
  if (!new RegExp(`^${prefix}[a-z]{1,2}$`).test(asked)) throw new UsageError(`--target ${asked} is no name of a disk on ${bus}`, `such as ${free}`)
  const other = disks.find(({ target, source }) => target === asked && !mine?.names.includes(source ?? ''))
  if (other) throw new BayError('exists', `the target ${asked} is taken by ${other.source ?? 'an empty drive'}`, { hints: [`--target ${free}`, 'or leave out --target'] })
  return asked
}

/** libvirt would add one of a kind of 1994 by itself. */
function controllersFor(bus: string, documents: readonly XmlElement[]): XmlElement[] {
  if (bus !== 'scsi' || documents.every((root) => all(root, 'devices/controller').some((each) => attr(each, 'type') === 'scsi'))) return []
  return [el('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' })]
}

function isCold(machine: string, bus: string): BayError {
  return new BayError('wrong-state', `${machine} runs, and no disk can come on ${bus} meanwhile`, {
    hints: ['--bus virtio, scsi or usb', '--next-start attaches it for its next start'],
  })
}
