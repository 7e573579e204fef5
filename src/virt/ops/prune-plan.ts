import { kept, type Keep } from '../../retention.js'
import { wholeOnes, type StoredBackup, type WholeBackup } from './backup-store.js'

export interface PrunePlan {
  /** what goes, the newest first, so that never anything is there without what it builds on */
  remove: WholeBackup[]
  /** what stays by the rule */
  keep: WholeBackup[]
  /** what stays because one that is kept builds on it */
  needed: WholeBackup[]
}

/**
 * What a rule keeps of one machine's backups, and what they build on. What is incomplete or damaged is not counted, and stays:
 * it may be just being made, and nobody can tell what it builds on.
 */
export function planPrune(backups: readonly StoredBackup[], keep: Keep, now: Date): PrunePlan {
  const whole = wholeOnes(backups)
  const chosen = kept(whole, ({ manifest }) => new Date(manifest.time), keep, now)
  const needed = new Set<WholeBackup>()
  for (const backup of chosen) {
    for (let below = parentOf(backup, whole); below; below = parentOf(below, whole)) {
      if (!chosen.has(below)) needed.add(below)
    }
  }
  return {
    keep: whole.filter((each) => chosen.has(each)), needed: whole.filter((each) => needed.has(each)),
    remove: whole.filter((each) => !chosen.has(each) && !needed.has(each)).sort((a, b) => b.name.localeCompare(a.name)),
  }
}

/** A parent is older, so that a manifest that names itself ends here. */
function parentOf({ manifest }: WholeBackup, all: readonly WholeBackup[]): WholeBackup | undefined {
  return all.find(({ name, manifest: { uuid } }) => name === manifest.parent && uuid === manifest.uuid && name < manifest.name)
}
