import { addChildren, el, setAttributes } from './node.js'
import type { Attributes, Child, XmlElement } from './node.js'

/** The first child element of that name (prefix included). */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return children(element, name)[0]
}

/** The child elements, all or those of one name, in order. */
export function children(element: XmlElement | undefined, name?: string): XmlElement[] {
  const isWanted = (node: XmlElement['children'][number]): node is XmlElement =>
    node.type === 'element' && (name === undefined || node.name === name)
  return element?.children.filter(isWanted) ?? []
}

/** The first element at a path of names below `element`: `path(domain, 'os/type')`. */
export function path(element: XmlElement | undefined, names: string): XmlElement | undefined {
  return all(element, names)[0]
}

/** Every element at a path of names, in document order: `all(domain, 'devices/disk')`. */
export function all(element: XmlElement | undefined, names: string): XmlElement[] {
  const start = element ? [element] : []
  return names.split('/').reduce((found, name) => found.flatMap((parent) => children(parent, name)), start)
}

export function attr(element: XmlElement | undefined, name: string): string | undefined {
  return element && Object.hasOwn(element.attributes, name) ? element.attributes[name] : undefined
}

/** The element's own text, CDATA included and blanks kept; '' for an empty element, undefined for none. */
export function textOf(element: XmlElement | undefined): string | undefined {
  return element?.children.map((node) => node.type === 'text' ? node.text : node.type === 'cdata' ? node.cdata : '').join('')
}

/**
 * Makes the first element at a path what is wanted and changes nothing else: attributes that are given are set (null
 * removes one, others stay); children that are given replace its content, none leave it as it is. Elements of the path
 * that are missing are added at the end of their parents. Returns the element.
 */
export function upsert(root: XmlElement, names: string, attributes: Attributes, ...content: Child[]): XmlElement {
  const target = names.split('/').reduce((parent, name) => child(parent, name) ?? append(parent, name), root)
  setAttributes(target, attributes)
  if (content.length > 0) target.children = []
  addChildren(target, content)
  return target
}

/** Removes every element at a path, or those that `which` picks; returns how many there were. */
export function remove(root: XmlElement, names: string, which: (element: XmlElement) => boolean = () => true): number {
  const parts = names.split('/')
  const name = parts.pop() ?? ''
  const parents = parts.length > 0 ? all(root, parts.join('/')) : [root]
  const removed = new Set(parents.flatMap((parent) => children(parent, name)).filter(which))
  for (const parent of parents) parent.children = parent.children.filter((node) => node.type !== 'element' || !removed.has(node))
  return removed.size
}

function append(parent: XmlElement, name: string): XmlElement {
  const element = el(name, {})
  parent.children.push(element)
  return element
}
