import type { XmlElement } from '../../src/xml/node.js'
import { children, textOf } from '../../src/xml/tree.js'

/**
 * What one element has and another has not, as paths: elements, attributes and texts. That the other has more, or in
 * another order, is no difference.
 */
export function missingIn(found: XmlElement, wanted: XmlElement, path = wanted.name): string[] {
  const attributes = Object.entries(wanted.attributes)
    .filter(([name, value]) => found.attributes[name] !== value)
    .map(([name, value]) => `${path}@${name}=${value}`)
  const inside = children(wanted)
  const text = inside.length === 0 ? textOf(wanted)?.trim() : ''
  return [
    ...attributes,
    ...text !== '' && text !== textOf(found)?.trim() ? [`${path}=${text}`] : [],
    ...inside.flatMap((each) => missingInBest(children(found, each.name), each, `${path}/${each.name}`)),
  ]
}

/** Of several elements of that name, the one that has most of it. */
function missingInBest(candidates: XmlElement[], wanted: XmlElement, path: string): string[] {
  const tries = candidates.map((each) => missingIn(each, wanted, path)).sort((a, b) => a.length - b.length)
  return tries[0] ?? [path]
}
