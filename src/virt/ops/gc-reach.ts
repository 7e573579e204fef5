import { sh } from '../../shell.js'
import { posix } from 'node:path'
import type { MachinesUse } from './gc-machines.js'
import { backingFile, canonical } from './gc-layers.js'
import type { Store, StoredVolume } from './gc-store.js'

export interface Reach {
  /** what machines use, directly or as a layer below */
  used: ReadonlySet<StoredVolume>
  /** why it may be more, as far as is known */
  doubts: string[]
}

/**
 * Which volumes machines reach: those that they name, and all that lies below. `keep` are volumes that stay whoever uses them,
 * with what lies below them. Files outside of the pools are followed on our own host, and are a doubt on another one.
 */
export function reach(
  { volumes, stopped }: Store, use: MachinesUse, { ownHost, keep }: { ownHost: boolean, keep: (volume: StoredVolume) => boolean },
): Reach {
  const byPlace = new Map(volumes.map((volume) => [volume.place, volume]))
  const used = new Set<StoredVolume>()
  const doubts = [...stopped.map((pool) => sh`the pool ${pool} is stopped, and its volumes may be layers over others: bay pool start ${pool}`)]
  const seen = new Set<string>()
  const visit = (place: string): void => {
    if (seen.has(place)) return
    seen.add(place)
    const volume = byPlace.get(place)
    if (volume) used.add(volume)
    const below = volume ? volume.below : outside(place)
    if (below !== null) visit(below)
  }
  /** Whatever a machine names beside volumes may be a disk: a layer over one. */
  const outside = (place: string): string | null => {
    if (ownHost) return belowFile(place, use.loose, doubts)
    if (use.loose.has(place)) doubts.push(`the disk ${place} is in no pool, and may be a layer over a volume`)
    return null
  }
  for (const path of use.paths) visit(canonical(path, { ownHost }))
  // Another way to the same file, such as a symbolic link, has most often the same last name.
  const strays = new Set(ownHost ? [] : [...seen].filter((place) => !byPlace.has(place)).map((place) => posix.basename(place)))
  for (const volume of volumes) {
    if (keep(volume) || use.volumes.has(`${volume.pool}/${volume.name}`) || strays.has(posix.basename(volume.path))) visit(volume.place)
  }
  return { used, doubts }
}

function belowFile(place: string, loose: ReadonlySet<string>, doubts: string[]): string | null {
  try {
    const below = backingFile(place)
    return below === null ? null : canonical(below, { ownHost: true })
  } catch (error) {
    if (loose.has(place)) doubts.push(`the disk ${place} is in no pool and cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}
