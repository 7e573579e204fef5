import type { FilterParameter } from '../xml/filter.js'

/** The values of a filter's variables; a list counts as one value each. */
export type Variables = ReadonlyMap<string, readonly string[]>

export function variablesOf(parameters: readonly FilterParameter[]): Map<string, readonly string[]> {
  const variables = new Map<string, readonly string[]>()
  for (const { name, value } of parameters) variables.set(name, [...variables.get(name) ?? [], value])
  return variables
}

/**
 * The attributes with their variables replaced: once for each combination of values. `$A` and `$A[@0]` go through their lists
 * together, iterators of other numbers on their own; `$A[2]` is one element.
 * @returns the name of the first variable that has no value, or not as many as one that goes with it: libvirt takes neither
 */
export function combinations(
  attributes: Readonly<Record<string, string>>, variables: Variables,
): Record<string, string>[] | { missing: string } {
  const uses = Object.entries(attributes).flatMap(([attribute, text]) => useOf(attribute, text) ?? [])
  if (uses.length === 0) return [{ ...attributes }]
  const lengths = new Map<string, number>()
  for (const { iterator, name } of uses) {
    if (iterator !== null) lengths.set(iterator, Math.max(lengths.get(iterator) ?? 1, variables.get(name)?.length ?? 0))
  }
  const missing = uses.find(({ name, iterator, element }) => {
    const count = variables.get(name)?.length ?? 0
    return iterator === null ? element >= count : count !== lengths.get(iterator)
  })
  if (missing) return { missing: missing.name }
  const steps = [...lengths].reduce<ReadonlyMap<string, number>[]>((made, [iterator, length]) => made.flatMap((step) =>
    Array.from({ length }, (_, at) => new Map([...step, [iterator, at]]))), [new Map()])
  return steps.map((step) => {
    const values = { ...attributes }
    for (const { attribute, name, iterator, element } of uses) {
      const list = variables.get(name) ?? []
      values[attribute] = list[iterator === null ? element : step.get(iterator) ?? 0] ?? ''
    }
    return values
  })
}

interface Use { attribute: string, name: string, iterator: string | null, element: number }

function useOf(attribute: string, text: string): Use | null {
  const [, name, at = '', number = '0'] = /^\$\s*(\w+)\s*(?:\[\s*(@?)(\d+)\s*\])?\s*$/.exec(text) ?? []
  if (name === undefined) return null
  const single = at === '' && text.includes('[')
  return { attribute, name, iterator: single ? null : number, element: single ? Number(number) : 0 }
}
