import { BayError } from '../../errors.js'
import type { Swept } from './gc-delete.js'
import type { Garbage, GarbageItem } from './gc-item.js'

/** A row of `bay gc`. */
export interface GarbageRow extends Garbage {
  /** `found` when nothing was to be deleted; `kept`: it is in use by now, or somebody is at work on it */
  result: 'found' | Swept['result']
  /** why it is kept, what failed, or what keeps it from being judged */
  why: string | null
}

/** `doubts` are what keeps from deleting it. */
export function rowOf({ kind, name, pool, path, size, modified, reason }: GarbageItem, doubts: readonly string[] = []): GarbageRow {
  return { kind, name, pool, path, size, modified, reason, result: 'found', why: doubts.length === 0 ? null : doubts.join('; ') }
}

/** What failed, as one error; undefined when nothing did. */
export function failureOf(swept: readonly Swept[]): BayError | undefined {
  const failed = swept.filter(({ result }) => result === 'failed')
  const [first] = failed
  if (!first) return undefined
  const common = failed.every(({ code }) => code === first.code) ? first.code : null
  const what = failed.map(({ item, why }) => `${item.kind} ${item.name}: ${why}`)
  return new BayError(failed.length < swept.length ? 'some-failed' : common ?? 'failed', `not deleted: ${what.join('; ')}`)
}
