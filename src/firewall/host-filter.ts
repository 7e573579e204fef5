import type { FilterDescription } from '../xml/filter.js'
import type { Parent } from './compile.js'
import { needComment } from './need-rules.js'
import { needs, type Default } from './rule.js'

/** The filters of a host by name. */
export type HostFilters = ReadonlyMap<string, FilterDescription>

/** What a filter of the host is for one that inherits it. */
export function parentOf(name: string, filters: HostFilters, above: readonly string[] = []): Parent {
  const filter = filters.get(name)
  const own = filter ? compiledDefault(filter) : null
  if (!filter || !own || above.includes(name)) return { name, depth: null, default: null, needs: [] }
  const below = filter.references.map((reference) => parentOf(reference.filter, filters, [...above, name]))
  const mine = needs.filter((need) => filter.rules.some(({ comment }) => comment === needComment(need)))
  return {
    name, depth: Math.max(-1, ...below.map(({ depth }) => depth ?? -1)) + 1, default: own,
    needs: [...new Set([...mine, ...below.flatMap((each) => each.needs)])],
  }
}

/** The default that a compiled filter says at its end; null for one that was made otherwise. */
export function compiledDefault({ rules }: Pick<FilterDescription, 'rules'>): Default | null {
  for (const { comment } of rules) {
    const [, inward, out] = /^bay:default in=(accept|drop) out=(accept|drop)$/.exec(comment ?? '') ?? []
    if ((inward === 'accept' || inward === 'drop') && (out === 'accept' || out === 'drop')) return { in: inward, out }
  }
  return null
}
