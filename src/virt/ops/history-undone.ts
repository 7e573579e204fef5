import type { HistoryEntry } from './history-entry.js'

/**
 * The numbers of the changes that are still in force, the oldest first. An entry that takes another back puts things as they
 * were before that one, so that to take back a taking back is to do it again.
 */
export function inForce(entries: readonly HistoryEntry[]): number[] {
  const before = new Map<number, number[]>()
  let now: number[] = []
  for (const { number, undoes } of entries) {
    before.set(number, now)
    now = undoes === undefined ? [...now, number] : before.get(undoes) ?? []
  }
  return now
}
