import { setImmediate as turn } from 'node:timers/promises'
import { BayError, type ErrorCode } from '../../errors.js'
import type { Connection } from '../connection.js'
import { sweep, type SweepOptions } from './gc.js'
import { keyOf, type GarbageItem, type Sweep } from './gc-item.js'
import { lockName } from './host-lock.js'

export interface Swept {
  item: GarbageItem
  /** `kept`: it is in use by now, or somebody is at work on it */
  result: 'deleted' | 'kept' | 'failed'
  /** why it is kept, or what failed */
  why: string | null
  code: ErrorCode | null
}

interface Watched {
  signal: AbortSignal
  report: (step: string) => void
}

/** How long a look counts as new (ms): each thing is looked at again right before it is removed. */
const freshness = 1000

/**
 * Removes what was found: each under the locks of its names, and only if it is still garbage then. What one of them lies on goes
 * after it, and stays when it stays.
 */
export async function deleteGarbage(
  connection: Connection, items: readonly GarbageItem[], options: SweepOptions, { signal, report }: Watched,
): Promise<Swept[]> {
  let [now, seen] = [new Map<string, GarbageItem>(), -Infinity]
  const look = (): Map<string, GarbageItem> => {
    if (performance.now() - seen < freshness) return now
    const found: Sweep = sweep(connection, options)
    now = new Map(found.items.filter(({ kind }) => !found.blocked.has(kind)).map((item) => [keyOf(item), item]))
    seen = performance.now()
    return now
  }
  const deleted = new Set<string>()
  const results: Swept[] = []
  for (const item of inOrder(items)) {
    signal.throwIfAborted()
    report(`deleting the ${keyOf(item)}`)
    const result = await deleteOne(connection, item, { look, deleted })
    if (result.result === 'deleted') deleted.add(keyOf(item))
    results.push({ item, ...result })
    // A signal is heard only when the event loop turns.
    await turn()
  }
  return results
}

async function deleteOne(
  connection: Connection, item: GarbageItem,
  { look, deleted }: { look: () => Map<string, GarbageItem>, deleted: ReadonlySet<string> },
): Promise<Omit<Swept, 'item'>> {
  try {
    using _locks = await lockAll(connection, item)
    const again = look().get(keyOf(item))
    if (!again) return { result: 'kept', why: 'it is in use by now, or gone', code: null }
    const above = again.after.filter((name) => !deleted.has(keyOf({ kind: item.kind, name })))
    if (above.length > 0) return { result: 'kept', why: `${above.join(', ')} needs it`, code: null }
    await again.remove(connection)
    return { result: 'deleted', why: null, code: null }
  } catch (error) {
    if (!(error instanceof BayError) && !isOfTheFileSystem(error)) throw error
    if (error instanceof BayError && ['cannot-connect', 'interrupted', 'terminated'].includes(error.code)) throw error
    const busy = error instanceof BayError && error.code === 'busy'
    return { result: busy ? 'kept' : 'failed', why: error.message, code: error instanceof BayError ? error.code : 'failed' }
  }
}

/** The locks of its names, all of them or none. */
async function lockAll(connection: Connection, { locks }: GarbageItem): Promise<Disposable> {
  const held: Disposable[] = []
  const all = { [Symbol.dispose]: () => { for (const lock of held.splice(0).reverse()) lock[Symbol.dispose]() } }
  try {
    for (const [kind, name] of locks) held.push(await lockName(connection.uri(), kind, name))
    return all
  } catch (error) {
    all[Symbol.dispose]()
    throw error
  }
}

/** What must be gone before comes before. */
export function inOrder(items: readonly GarbageItem[]): GarbageItem[] {
  const byKey = new Map(items.map((item) => [keyOf(item), item]))
  const ordered = new Set<GarbageItem>()
  const started = new Set<GarbageItem>()
  const visit = (item: GarbageItem): void => {
    if (started.has(item)) return
    started.add(item)
    for (const name of item.after) {
      const first = byKey.get(keyOf({ kind: item.kind, name }))
      if (first) visit(first)
    }
    ordered.add(item)
  }
  items.forEach(visit)
  return [...ordered]
}

function isOfTheFileSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
