import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import { readSeedMark } from '../../xml/seed-mark.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { domainXml } from '../flags.js'
import { filtersNamedIn, generatedOf } from './generated-filter.js'
import { installVolumes } from './install-volumes.js'
import { findSeed } from './old-seeds.js'
import { ownReservations } from './own-reservations.js'
import { refuseProtected } from './protect-vm.js'
import type { Reservation } from './reserve-address.js'
import type { Made } from './undo-kind.js'
import { filesOfSnapshots, type VolumePlace, type VolumeUse } from './volume-use.js'

/** A volume that can be found again later, by its pool's UUID and its name. */
export interface OwnVolume extends VolumePlace { poolUuid: string }

export interface VmDeletion {
  name: string
  uuid: string
  running: boolean
  persistent: boolean
  /** volumes that go with it */
  delete: OwnVolume[]
  /** disks that stay, and why */
  keep: { path: string, why: string }[]
  /** addresses that were reserved for it alone */
  release: Reservation[]
  /** what was generated for its interfaces; whoever else names it keeps it */
  filters: Made[]
}

/**
 * Decides what goes with a machine: its own writable disks that are volumes of a pool and that nobody else uses. Media,
 * disks outside pools, and whatever another machine or volume builds on stay. `use` says who uses what; null keeps all.
 * @throws BayError `wrong-state` for a machine that is protected
 */
export function planDeletion(connection: Connection, domain: Domain, use: VolumeUse | null): VmDeletion {
  refuseProtected(domain, 'delete')
  const persistent = domain.isPersistent()
  const documents = [...persistent ? [domain.xml(domainXml.inactive)] : [], ...domain.isActive() ? [domain.xml()] : []]
  const own = readDomain(documents[0] ?? domain.xml())
  const plan: VmDeletion = {
    name: own.name, uuid: domain.uuid(), running: domain.isActive(), persistent,
    delete: installVolumes(connection, domain), keep: [],
    release: ownReservations(connection, own),
    filters: generatedOf(connection, filtersNamedIn(documents)).map(({ uuid, name }) => ({ uuid, name })),
  }
  for (const disk of own.disks.filter(({ device }) => device === 'disk')) {
    const place = placeOf(connection, disk)
    const why = whyKept(own, disk, place, use)
    if (why === undefined && place) plan.delete.push(place)
    else plan.keep.push({ path: place?.path ?? disk.path ?? `${disk.pool}/${disk.volume}`, why: why ?? 'it is in no pool' })
  }
  if (use) plan.delete.push(...keptBySnapshots(connection, domain, use, plan.delete))
  if (use) plan.delete.push(...oldSeeds(connection, own, use))
  return plan
}

/** What its snapshots keep below its disks, or beside them, goes too, the upper layers first, unless somebody else builds on it. */
function keptBySnapshots(connection: Connection, domain: Domain, use: VolumeUse, already: readonly OwnVolume[]): OwnVolume[] {
  const own = domain.name()
  const going = new Set(already.map(({ pool, name }) => `${pool}/${name}`))
  const paths = [...new Set(filesOfSnapshots(domain))].sort((a, b) => use.depth(b) - use.depth(a))
  return paths.flatMap((path) => {
    const place = placeOf(connection, { path, pool: null, volume: null })
    if (!place || going.has(`${place.pool}/${place.name}`) || use.machinesOn(place).some((user) => user !== own)) return []
    if (use.layersOver(place).some((layer) => !going.has(layer))) return []
    going.add(`${place.pool}/${place.name}`)
    return [place]
  })
}

/** What `vm seed` could not delete yet. */
function oldSeeds(connection: Connection, { name, metadata }: DomainDescription, use: VolumeUse): OwnVolume[] {
  return readSeedMark(metadata).before.flatMap((place) => {
    const volume = findSeed(connection, place)
    return volume === null || use.machinesOn(volume).some((user) => user !== name) ? [] : [volume]
  })
}

function whyKept(
  machine: DomainDescription, { readonly }: Disk, place: VolumePlace | undefined, use: VolumeUse | null,
): string | undefined {
  if (use === null) return '--keep-disks'
  if (!place) return 'it is in no pool'
  // The disc for cloud-init was made for this machine, and nobody wants its secrets afterwards.
  if (readonly && machine.metadata?.['seed'] !== `${place.pool}/${place.name}`) return 'it is read-only for this machine'
  const [other] = use.machinesOn(place).filter((name) => name !== machine.name)
  if (other !== undefined) return `the machine ${other} uses it too`
  const [layer] = use.layersOver(place)
  return layer && `the volume ${layer} is a layer over it`
}

type Disk = DomainDescription['disks'][number]

/** The volume that a disk is; undefined when it is in no pool. */
export function placeOf(connection: Connection, { path, pool, volume }: Pick<Disk, 'path' | 'pool' | 'volume'>): OwnVolume | undefined {
  try {
    using found = pool !== null && volume !== null ? volumeIn(connection, pool, volume) : connection.volumeByPath(path ?? '')
    using held = connection.poolOf(found)
    return { pool: held.name(), poolUuid: held.uuid(), name: found.name(), path: found.path() }
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return undefined
    throw error
  }
}

function volumeIn(connection: Connection, pool: string, volume: string) {
  using held = connection.pool(pool)
  return held.volume(volume)
}
