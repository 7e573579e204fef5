import { readDomain } from '../../xml/domain-description.js'
import { parse, serialize } from '../../xml/node.js'
import { placeText, readSeedMark, writeSeedMark, type SeedMark, type SeedPlace } from '../../xml/seed-mark.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import { unlessGone } from './gone.js'
import { lockName } from './host-lock.js'
import { undo } from './undo.js'
import { VolumeUse, type VolumePlace } from './volume-use.js'

interface Found extends VolumePlace { poolUuid: string }

export interface OldSeeds {
  deleted: SeedPlace[]
  kept: (SeedPlace & { why: string })[]
}

/**
 * Deletes the seeds that a machine had before, as far as nobody needs them any more; its metadata keeps the others. Whoever
 * calls has the machine's name for itself.
 */
export async function deleteOldSeeds(connection: Connection, domain: Domain): Promise<OldSeeds> {
  const mark = readSeedMark(readDomain(domain.xml(domainXml.inactive)).metadata)
  const found: OldSeeds = { deleted: [], kept: [] }
  if (mark.before.length === 0) return found
  const general = whyAllStay(domain)
  const use = general === undefined ? VolumeUse.read(connection) : undefined
  for (const place of mark.before) {
    const volume = findSeed(connection, place)
    if (volume === null) continue
    const why = general ?? (use && whyUsed(use, volume, domain.name()))
    if (why !== undefined) {
      found.kept.push({ ...place, why })
      continue
    }
    using _lock = await lockName(connection.uri(), 'vol', placeText(place))
    await undo(connection, { kind: 'volume', pool: volume.pool, poolUuid: volume.poolUuid, name: volume.name })
    found.deleted.push(place)
  }
  if (found.kept.length < mark.before.length) remember(connection, domain, { ...mark, before: found.kept })
  return found
}

/** The volume of a place; null when it is gone. */
export function findSeed(connection: Connection, { pool, volume }: SeedPlace): Found | null {
  return unlessGone(() => {
    using held = connection.pool(pool)
    using found = held.volume(volume)
    return { pool: held.name(), poolUuid: held.uuid(), name: found.name(), path: found.path() }
  }, failure.noPool, failure.noVolume)
}

/** A saved run and a snapshot have a definition of their own, in which the disc is still the old one. */
function whyAllStay(domain: Domain): string | undefined {
  if (domain.hasSavedState()) return 'its saved state needs it'
  return domain.snapshotCount() > 0 ? 'its snapshots may need it' : undefined
}

function whyUsed(use: VolumeUse, volume: Found, own: string): string | undefined {
  const users = use.machinesOn(volume)
  if (users.includes(own)) return 'it runs with it'
  const [other] = users
  return other === undefined ? undefined : `the machine ${other} uses it`
}

function remember(connection: Connection, domain: Domain, mark: SeedMark): void {
  const root = parse(domain.xml(domainXml.inactive | domainXml.secure))
  writeSeedMark(root, mark)
  using _domain = connection.defineDomain(serialize(root))
}
