import { UsageError } from '../../errors.js'
import type { Keep } from '../../retention.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { readSnapshots, snapshotsOf } from './list-snapshots.js'
import { tooOld } from './take-snapshot.js'

export interface WhichSnapshots {
  snapshot: string | undefined
  /** with all that stand on it */
  children: boolean
  /** those that a rule does not keep: of each group, and of those of none, for itself */
  keep: Keep | undefined
  /** only those of this one */
  group: string | undefined
  now: Date
}

/** The names of those that are meant, in an order in which they can be deleted. @throws UsageError unless one way is chosen */
export function snapshotsToDelete(domain: Domain, { snapshot, children, keep, group: only, now }: WhichSnapshots): string[] {
  if ((snapshot === undefined) === (keep === undefined)) throw new UsageError('name one snapshot, or say with --keep which stay', sh`bay snapshot list ${domain.name()}`)
  const rows = snapshotsOf(domain)
  if (keep) {
    const meant = rows.filter(({ auto, group }) => auto && (only === undefined || group === only))
    const groups = new Set(meant.map(({ group }) => group))
    const old = new Set([...groups].flatMap((group) => tooOld(domain, keep, { name: null, now, auto: false, group })))
    // What stands on others goes before those: the fewer layers are then merged.
    return rows.filter(({ name }) => old.has(name)).map(({ name }) => name).reverse()
  }
  if (snapshot === undefined || !children) return snapshot === undefined ? [] : [snapshot]
  const parents = new Map(readSnapshots(domain).map(({ name, parent }) => [name, parent]))
  const isBelow = (name: string | null): boolean => name !== null && (name === snapshot || isBelow(parents.get(name) ?? null))
  return rows.filter(({ name }) => isBelow(name)).map(({ name }) => name).reverse()
}
