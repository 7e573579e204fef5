import { el } from './node.js'
import type { Attributes, XmlElement } from './node.js'
import { attr, child, children } from './tree.js'

/** The namespace of what this program keeps in libvirt's `<metadata>`. */
export const bayNamespace = 'urn:bay:1'

/**
 * The one element that holds what this program knows of a domain or a network: `<bay:bay profile="web"/>`.
 * Pools, volumes and filters have no metadata. See https://libvirt.org/formatdomain.html#general-metadata.
 */
export function bayElement(attributes: Attributes): XmlElement {
  return el('bay:bay', { 'xmlns:bay': bayNamespace, ...attributes })
}

/** The attributes of our element in a parsed domain or network, without namespace declarations; null if it has none. */
export function readBay(root: XmlElement): Record<string, string> | null {
  const element = metadataElement(root, bayNamespace)
  if (!element) return null
  return Object.fromEntries(Object.entries(element.attributes).filter(([name]) => !/^xmlns(:|$)/.test(name)))
}

/** Sets our element in a parsed domain or network to exactly these attributes; null removes it. Others' metadata stays. */
export function writeBay(root: XmlElement, attributes: Attributes | null): void {
  const old = metadataElement(root, bayNamespace)
  const metadata = child(root, 'metadata')
  if (attributes === null) {
    if (metadata) metadata.children = metadata.children.filter((node) => node !== old)
    if (metadata?.children.length === 0) root.children = root.children.filter((node) => node !== metadata)
  } else if (!metadata) {
    root.children.push(el('metadata', {}, bayElement(attributes)))
  } else {
    const at = metadata.children.findIndex((node) => node === old)
    metadata.children.splice(at < 0 ? metadata.children.length : at, at < 0 ? 0 : 1, bayElement(attributes))
  }
}

/** The element of one namespace in `<metadata>`, whatever its prefix; libvirt allows one a namespace. */
export function metadataElement(root: XmlElement, namespace: string): XmlElement | undefined {
  const metadata = child(root, 'metadata')
  return children(metadata).find((element) => {
    const prefix = element.name.includes(':') ? `:${element.name.split(':')[0]}` : ''
    const bound = [element, metadata, root].map((holder) => attr(holder, `xmlns${prefix}`))
    return bound.find((uri) => uri !== undefined) === namespace
  })
}

/** An element's name without its prefix. */
export function localName(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(':') + 1)
}
