import { parse } from './node.js'
import type { XmlElement } from './node.js'
import { attr, children } from './tree.js'

/** All that a document names, wherever in it. */
export interface Mentions {
  /** every attribute and every text that begins with / */
  paths: Set<string>
  /** `pool/volume` */
  volumes: Set<string>
  /** in lower case */
  macs: Set<string>
  filters: Set<string>
}

/**
 * What the XML of a machine, of a snapshot or of a saved state mentions. For whoever must not remove what is in use: it asks
 * for no meaning, so that no kind of device is forgotten. Throws UsageError for what is no XML.
 */
export function readMentions(...xmls: readonly string[]): Mentions {
  const found: Mentions = { paths: new Set(), volumes: new Set(), macs: new Set(), filters: new Set() }
  for (const xml of xmls) collect(parse(xml), found)
  return found
}

function collect(element: XmlElement, found: Mentions): void {
  for (const text of [...Object.values(element.attributes), ...textsOf(element)]) {
    if (text.trim().startsWith('/')) found.paths.add(text.trim())
  }
  const [pool, volume] = [attr(element, 'pool'), attr(element, 'volume')]
  if (pool !== undefined && volume !== undefined) found.volumes.add(`${pool}/${volume}`)
  if (element.name === 'mac') add(found.macs, attr(element, 'address')?.toLowerCase())
  if (element.name === 'filterref') add(found.filters, attr(element, 'filter'))
  for (const each of children(element)) collect(each, found)
}

function textsOf(element: XmlElement): string[] {
  return element.children.flatMap((node) => node.type === 'text' ? node.text : node.type === 'cdata' ? node.cdata : [])
}

function add(set: Set<string>, value: string | undefined): void {
  if (value !== undefined) set.add(value)
}
