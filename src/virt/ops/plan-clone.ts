import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { cloneDocument, hostDevices, removeDevices } from '../../xml/clone-domain.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { putSeed, readSeedMark, writeSeedMark, type SeedPlace } from '../../xml/seed-mark.js'
import { all, attr, child } from '../../xml/tree.js'
import { readVolume } from '../../xml/volume.js'
import { storedDefinition } from './change-definition.js'
import { checkSpace } from './check-pool-space.js'
import { refuseLeftFiles, refuseTakenName } from './check-vm-name.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { readInstall } from './install-state.js'
import { macOf } from './mac.js'
import { isOwnHost, qemuFolder } from './own-host.js'
import { refuseExisting, type PlannedDisk } from './plan-disks.js'
import { placeOf, type OwnVolume } from './plan-deletion.js'
import { PlanPools } from './plan-pools.js'
import { seedVolume } from './seed-volume.js'

export interface CloneRequest {
  name: string
  linked: boolean
  /** undefined for those of the source's disks */
  pool: string | undefined
  /** leave out the host's devices that only one machine can have */
  withoutDevices: boolean
}

/** A disk of the clone, and what it comes from. */
export interface ClonedDisk { target: string, source: OwnVolume, disk: PlannedDisk }

export interface ClonePlan {
  name: string
  uuid: string
  disks: ClonedDisk[]
  /** the source's seed, and where the clone's will be; null when it has none */
  seed: { from: SeedPlace, to: PlannedDisk } | null
  nvram: { from: string, to: string } | null
  /** the document, given where its disks and its seed really are */
  xml: (paths: readonly string[], seedPath: string | null) => string
  notes: string[]
}

/** Decides all of a clone; only looks. @throws BayError `wrong-state`, `exists`, `failed`; UsageError for what cannot be cloned */
export async function planClone(connection: Connection, source: Domain, request: CloneRequest): Promise<ClonePlan> {
  const { name } = request
  refuseUnfit(source, request)
  refuseTakenName(connection, name)
  const definition = storedDefinition(source)
  const machine = readDomain(definition)
  if (isOwnHost(connection)) refuseLeftFiles(connection, name, { uefi: machine.firmware === 'uefi' })
  const root = parse(definition)
  const devices = hostDevices(root)
  if (devices.length > 0 && !request.withoutDevices) {
    throw new BayError('wrong-state', `${source.name()} has devices of the host that only one machine can have: ${devices.map((each) => each.name).join(', ')}`, {
      hints: ['--without-devices leaves them out'],
    })
  }
  removeDevices(root, devices)
  using pools = new PlanPools(connection)
  const disks = all(root, 'devices/disk').filter((disk) => isOwn(disk))
    .map((disk, index) => planDisk(connection, disk, { index, pools, request, machine: source.name() }))
  const mark = readSeedMark(machine.metadata)
  const seed = mark.seed && planSeed(mark.seed, pools, request)
  const planned = [...disks.map(({ disk }) => disk), ...seed ? [seed.to] : []]
  for (const disk of planned) refuseExisting(pools.choose(disk.pool), disk)
  const space = await Promise.all(pools.all.map((pool) =>
    checkSpace(pool, planned.filter((disk) => disk.pool === pool.pool), { ownHost: isOwnHost(connection) })))
  const uuid = randomUUID()
  const from = nvramOf(connection, source, machine)
  const nvram = from === null ? null : { from, to: nvramPath(from, name) }
  const document = (paths: readonly string[], seedPath: string | null) => {
    const copy = parse(serialize(root))
    const own = new Map(disks.map(({ target, disk }, index) => [target, { path: paths[index] ?? disk.path, format: disk.format }]))
    const notes = cloneDocument(copy, { name, uuid, mac: (index) => macOf(uuid, index), disks: own, nvram: nvram?.to ?? null })
    if (seed) {
      putSeed(copy, seed.from, seedPath ?? seed.to.path)
      writeSeedMark(copy, { seed: { pool: seed.to.pool, volume: seed.to.volume }, before: [] })
    }
    return { notes, xml: serialize(copy) }
  }
  return {
    name, uuid, disks, seed, nvram, xml: (paths, seedPath) => document(paths, seedPath).xml,
    notes: [
      ...machine.firmware === 'uefi' && nvram === null ? ['its UEFI variables are new: where the source\'s are is not known here'] : [],
      ...document([], null).notes, ...space.flatMap((note) => note ?? []), ...stays(source, seed !== null),
    ],
  }
}

function refuseUnfit(source: Domain, { linked }: CloneRequest): void {
  const name = source.name()
  const refuse = (why: string, ...hints: string[]) => { throw new BayError('wrong-state', `${name} ${why}`, { hints }) }
  if (source.isActive()) refuse('is not off, and its disks change while they are copied', sh`bay vm stop ${name}`)
  if (source.hasSavedState()) refuse('is saved: its disks are in the middle of something', sh`bay vm start ${name}, and then bay vm stop ${name}`)
  if (readInstall(source)) refuse('is not installed yet', sh`bay vm wait --for installed ${name}`)
  if (linked && source.autostart()) refuse('starts with its host, and would write to what the linked clones are layers over', sh`bay vm autostart --off ${name}`)
}

/** Media, and what several machines share by intention, the clone shares too. */
function isOwn(disk: XmlElement): boolean {
  return ['disk', undefined].includes(attr(disk, 'device')) && !child(disk, 'readonly') && !child(disk, 'shareable')
}

interface DiskContext { index: number, pools: PlanPools, request: CloneRequest, machine: string }

function planDisk(connection: Connection, disk: XmlElement, { index, pools, request, machine }: DiskContext): ClonedDisk {
  const [target, source] = [attr(child(disk, 'target'), 'dev') ?? '', child(disk, 'source')]
  const [path, pool, volume] = [attr(source, 'file') ?? attr(source, 'dev') ?? null, attr(source, 'pool') ?? null, attr(source, 'volume') ?? null]
  const place = placeOf(connection, { path, pool, volume })
  if (!place) {
    throw new BayError('wrong-state', `the disk ${target} of ${machine} is in no pool, so the host cannot copy it: ${path ?? volume ?? 'a network disk'}`, {
      hints: ['a pool for its folder: bay pool create NAME --path FOLDER'],
    })
  }
  if (child(source, 'encryption')) throw new UsageError(`the disk ${target} of ${machine} is encrypted, and libvirt copies no encrypted volumes`)
  using found = connection.volumeByPath(place.path)
  const { capacity, allocation, format, type } = readVolume(found.xml())
  if (type === 'file' && attr(child(disk, 'driver'), 'type') === 'raw' && !['raw', 'iso'].includes(format ?? 'raw')) {
    // Its guest may have written that there, with another file of the host as what lies below.
    throw new BayError('wrong-state', `the disk ${target} of ${machine} is raw, and the host takes ${place.pool}/${place.name} for ${format}: it would copy something else`, {
      hints: [sh`bay vol download ${place.pool}/${place.name} FILE takes its bytes as they are; bay vol upload --format raw FILE POOL/NAME`],
    })
  }
  const into = pools.choose(request.pool ?? place.pool)
  const kept = { capacity: capacity ?? 0, allocation: allocation ?? 0, format: format ?? 'raw', path: place.path }
  const made = request.linked ? 'qcow2' : kept.format
  if (made !== 'raw' && !into.holdsFiles) throw new UsageError(`the pool ${into.pool} holds no ${made} files`, 'choose another one with --pool')
  const name = `${request.name}${index === 0 ? '' : `-${index + 1}`}.${made === 'raw' ? 'img' : made}`
  return {
    target, source: place, disk: {
      pool: into.pool, volume: name, capacity: kept.capacity, format: made, bus: attr(child(disk, 'target'), 'bus') ?? '',
      path: `${into.folder}/${name}`, image: { from: 'volume', below: null, linked: request.linked, ...kept },
    },
  }
}

function planSeed(from: SeedPlace, pools: PlanPools, { name, pool }: CloneRequest): { from: SeedPlace, to: PlannedDisk } {
  const into = pools.choose(pool ?? from.pool)
  const volume = seedVolume(name)
  return { from, to: { pool: into.pool, volume, format: 'raw', bus: 'virtio', path: `${into.folder}/${volume}`, capacity: 0, seed: true } }
}

/** libvirt 9.0 does not write down where it puts the variables of a firmware that it chose itself. */
function nvramOf(connection: Connection, source: Domain, { nvram, firmware }: DomainDescription): string | null {
  if (nvram !== null || firmware !== 'uefi' || connection.type() !== 'QEMU') return nvram
  const isKnown = isOwnHost(connection) || new URL(connection.uri()).pathname === '/system'
  return isKnown ? `${qemuFolder(connection)}/nvram/${source.name()}_VARS.fd` : null
}

function nvramPath(from: string, name: string): string {
  return posix.join(posix.dirname(from), `${name}_VARS${posix.extname(from) || '.fd'}`)
}

function stays(source: Domain, seeded: boolean): string[] {
  const name = source.name()
  return [
    seeded
      ? 'cloud-init gives it a hostname and SSH host keys of its own; /etc/machine-id stays as in the source, unless it is emptied there before'
      : `nothing tells its guest that it is another one: hostname, /etc/machine-id, SSH host keys and static addresses stay as in ${name}`,
    ...source.snapshotCount() > 0 ? [`the snapshots of ${name} are not copied`] : [],
  ]
}
