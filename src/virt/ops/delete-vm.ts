import { BayError } from '../../errors.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { domainXml, undefine } from '../flags.js'
import { whilePoolIsBusy } from './retry.js'

export interface VmDeletion {
  name: string
  uuid: string
  running: boolean
  persistent: boolean
  /** volumes that go with it */
  delete: VolumePlace[]
  /** disks that stay, and why */
  keep: { path: string, why: string }[]
}

export interface VolumePlace { pool: string, volume: string, path: string }

/**
 * Decides what goes with a machine: its own writable disks that are volumes of a pool and that nobody else uses.
 * Media, disks outside pools, and whatever another machine or volume builds on stay.
 */
export function planDeletion(connection: Connection, domain: Domain, { keepDisks }: { keepDisks: boolean }): VmDeletion {
  const persistent = domain.isPersistent()
  const own = readDomain(domain.xml(persistent ? domainXml.inactive : 0))
  const plan: VmDeletion = {
    name: domain.name(), uuid: domain.uuid(), running: domain.isActive(), persistent, delete: [], keep: [],
  }
  const disks = own.disks.filter(({ device }) => device === 'disk')
  if (disks.length === 0) return plan
  const others = keepDisks ? new Map<string, string>() : usersOfOthers(connection, plan.uuid)
  for (const disk of disks) {
    const place = placeOf(connection, disk)
    const path = place?.path ?? disk.path ?? `${disk.pool}/${disk.volume}`
    const why = whyKept({ keepDisks, readonly: disk.readonly, user: others.get(path), inPool: place !== undefined })
      ?? (place && layersOver(connection, place))
    if (why === undefined && place) plan.delete.push(place)
    else plan.keep.push({ path, why: why ?? 'it is in no pool' })
  }
  return plan
}

/**
 * Deletes a machine as planned: stops it if it may, then its definition with NVRAM, saved state, snapshots and TPM,
 * then its volumes. The definition goes first: a disk without a machine can be found again, the other is broken.
 * @throws BayError `left-behind` when a volume cannot be deleted
 */
export async function deleteVm(connection: Connection, domain: Domain, plan: VmDeletion): Promise<void> {
  if (plan.running) await domain.destroy()
  if (plan.persistent) undefineAll(domain)
  const failures: { place: VolumePlace, error: unknown }[] = []
  for (const place of plan.delete) {
    await whilePoolIsBusy(() => deleteVolume(connection, place)).catch((error: unknown) => failures.push({ place, error }))
  }
  if (failures.length === 0) return
  throw new BayError('left-behind', `the machine is deleted, but not all of its disks: ${
    failures.map(({ place, error }) => `${place.pool}/${place.volume} (${error instanceof Error ? error.message : String(error)})`).join(', ')}`, {
    hints: failures.map(({ place }) => `bay vol delete --yes ${place.pool}/${place.volume}`),
  })
}

/** Older daemons do not know every flag; what they do not know they do not keep either. */
function undefineAll(domain: Domain): void {
  const known = undefine.managedSave | undefine.snapshots | undefine.nvram | undefine.checkpoints
  try {
    domain.undefine(known | undefine.tpm)
  } catch (error) {
    if (!(error instanceof VirtError) || !/unsupported flags/.test(error.message)) throw error
    undefineWithout(domain, known)
  }
}

function undefineWithout(domain: Domain, flags: number): void {
  try {
    domain.undefine(flags)
  } catch (error) {
    if (!(error instanceof VirtError) || !/unsupported flags/.test(error.message)) throw error
    domain.undefine(undefine.managedSave | undefine.snapshots)
  }
}

interface DiskFate {
  keepDisks: boolean
  readonly: boolean
  user: string | undefined
  inPool: boolean
}

function whyKept({ keepDisks, readonly, user, inPool }: DiskFate): string | undefined {
  if (keepDisks) return '--keep-disks'
  if (readonly) return 'it is read-only for this machine'
  if (user !== undefined) return `the machine ${user} uses it too`
  return inPool ? undefined : 'it is in no pool'
}

type Disk = DomainDescription['disks'][number]

function placeOf(connection: Connection, { path, pool, volume }: Disk): VolumePlace | undefined {
  try {
    using found = pool !== null && volume !== null ? volumeIn(connection, pool, volume) : connection.volumeByPath(path ?? '')
    using held = connection.poolOf(found)
    return { pool: held.name(), volume: found.name(), path: found.path() }
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return undefined
    throw error
  }
}

function volumeIn(connection: Connection, pool: string, volume: string) {
  using held = connection.pool(pool)
  return held.volume(volume)
}

/** The paths that all other machines use, running or as defined, each with the name of one that does. */
function usersOfOthers(connection: Connection, uuid: string): Map<string, string> {
  const users = new Map<string, string>()
  using domains = connection.domains()
  for (const other of domains) {
    if (other.uuid() === uuid) continue
    for (const disk of disksOf(other)) {
      const path = disk.path ?? placeOf(connection, disk)?.path
      if (path !== undefined) users.set(path, other.name())
    }
  }
  return users
}

function disksOf(domain: Domain): Disk[] {
  const flags = domain.isActive() && domain.isPersistent() ? [0, domainXml.inactive] : [0]
  return flags.flatMap((flag) => readDomain(domain.xml(flag)).disks)
}

/** Another volume of the pool that is a layer over this one. */
function layersOver(connection: Connection, { pool, path }: VolumePlace): string | undefined {
  using held = connection.pool(pool)
  using volumes = held.volumes()
  const layer = volumes.find((each) => readVolume(each.xml()).backing?.path === path)
  return layer && `the volume ${pool}/${layer.name()} is a layer over it`
}

function deleteVolume(connection: Connection, { pool, volume }: VolumePlace): void {
  using held = volumeIn(connection, pool, volume)
  held.delete()
}
