import { randomUUID } from 'node:crypto'
import { BayError } from '../../errors.js'
import { cloudInitFiles, type CloudInitFiles } from '../../provision/cloud-init/files.js'
import { readIsoFile } from '../../provision/iso-file.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import { readSeedMark, type SeedMark, type SeedPlace } from '../../xml/seed-mark.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import { unlessGone } from './gone.js'
import type { NewGuest } from './new-vm.js'
import { PlanPools } from './plan-pools.js'
import { specOf } from './seed-disk.js'
import { largestSeed, nextSeedVolume } from './seed-volume.js'

export interface SeedPlan {
  name: string
  /** what the machine has */
  mark: SeedMark
  next: SeedPlace
  files: CloudInitFiles
  /** metadata's address that cloud-init was told, if any */
  address: string | null
}

/**
 * Decides what a machine's next seed is and where: beside the old one, else beside its first disk, else in the default pool.
 * A new instance makes cloud-init begin anew. Only looks.
 * @throws UsageError for what a guest could not use; BayError `wrong-state`, `not-found`
 */
export function planSeed(connection: Connection, domain: Domain, guest: NewGuest): SeedPlan {
  const name = domain.name()
  if (!domain.isPersistent()) throw new BayError('wrong-state', `${name} is transient: it has no next start that could read a seed`)
  const machine = readDomain(domain.xml(domainXml.inactive))
  const mark = readSeedMark(machine.metadata)
  const instance = randomUUID()
  const files = cloudInitFiles({ ...specOf(guest, name, instance), keepHostKeys: true })
  using pools = new PlanPools(connection)
  const { pool } = pools.choose(mark.seed?.pool ?? poolOf(connection, machine))
  return { name, mark, next: { pool, volume: nextSeedVolume(name, instance) }, files, address: machine.metadata?.['address'] ?? null }
}

/** The network configuration of the seed that the machine has: its address stays as it was told. null when there is none. */
export function oldNetwork(connection: Connection, { seed }: SeedMark): string | null {
  if (seed === null) return null
  const content = unlessGone(() => {
    using pool = connection.pool(seed.pool)
    using volume = pool.volume(seed.volume)
    const { capacity } = readVolume(volume.xml())
    return capacity === null || capacity > largestSeed ? null : volume.read(capacity)
  }, failure.noPool, failure.noVolume)
  return (content && readIsoFile(content, 'network-config'))?.toString() ?? null
}

/** The pool of its first disk that can be written and is in one. */
function poolOf(connection: Connection, { disks }: DomainDescription): string | undefined {
  for (const { device, readonly, path, pool } of disks) {
    if (device !== 'disk' || readonly) continue
    if (pool !== null) return pool
    const found = unlessGone(() => {
      using volume = connection.volumeByPath(path ?? '')
      using held = connection.poolOf(volume)
      return held.name()
    }, failure.noVolume, failure.noPool)
    if (found !== null) return found
  }
  return undefined
}
