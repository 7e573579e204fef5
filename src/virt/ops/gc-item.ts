import type { Connection } from '../connection.js'

export const garbageKinds = ['volume', 'seed', 'image', 'nvram', 'filter', 'reservation', 'secret'] as const
export type GarbageKind = typeof garbageKinds[number]

/** Something that no machine uses: a row of `bay gc`. */
export interface Garbage {
  kind: GarbageKind
  name: string
  pool: string | null
  path: string | null
  /** bytes on the host; null where that means nothing */
  size: number | null
  /** ISO time of the last change; null when nobody knows */
  modified: string | null
  reason: string
}

/** The same with what is needed to remove it. */
export interface GarbageItem extends Garbage {
  /** the names that other runs lock while they make such a thing */
  locks: readonly (readonly [kind: 'vm' | 'vol', name: string])[]
  /** what must be gone before, by `keyOf` */
  after: readonly string[]
  remove: (connection: Connection) => void | Promise<void>
}

/** What was found, and what nobody could judge. */
export interface Sweep {
  items: GarbageItem[]
  /** kinds of which nothing may be removed, each with the reasons */
  blocked: Map<GarbageKind, readonly string[]>
  notes: string[]
}

export function keyOf({ kind, name }: Pick<Garbage, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** bay knows what these are, so that `--yes` alone removes them; the others may be somebody's, in use or not. */
export function isOurs(kind: GarbageKind): boolean {
  return kind === 'seed' || kind === 'image' || kind === 'nvram'
}
