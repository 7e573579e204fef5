import { filterReferenceElement, type FilterReference } from '../../xml/filter.js'
import { isSameDevice } from '../../xml/machine-devices.js'
import { el, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'

/** The same interface in another document of the machine. */
export function sameNic(root: XmlElement, nic: XmlElement): XmlElement | undefined {
  return children(child(root, 'devices'), 'interface').find((each) => isSameDevice(each, nic))
}

/** The filter that an interface names, with its variables. */
export function referenceIn(nic: XmlElement): FilterReference | null {
  const reference = child(nic, 'filterref')
  if (!reference) return null
  const parameters = children(reference, 'parameter').map((each) => ({ name: attr(each, 'name') ?? '', value: attr(each, 'value') ?? '' }))
  return { filter: attr(reference, 'filter') ?? '', parameters }
}

export function sameReference(one: FilterReference | null, other: FilterReference | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

export function setReference(nic: XmlElement, target: FilterReference | null): void {
  replaceChild(nic, 'filterref', target ? filterReferenceElement(target) : undefined)
}

/** Whether both have the same filter, and their link is as much up or down. */
export function isFilteredAlike(one: XmlElement, other: XmlElement): boolean {
  return sameReference(referenceIn(one), referenceIn(other)) && linkOf(one) === linkOf(other)
}

/**
 * What a running interface is made one after the other, so that it gets the filter and the link of another: libvirt takes the old
 * rules away before it makes the new ones, so meanwhile the link is down, and nothing passes.
 */
export function waysTo(wanted: Pick<XmlElement, 'children'>, now: XmlElement): XmlElement[] {
  const changed = structuredClone(now)
  replaceChild(changed, 'filterref', find(wanted, 'filterref'))
  replaceChild(changed, 'link', find(wanted, 'link'))
  const [old, target] = [referenceIn(now), referenceIn(changed)]
  const guarded = old !== null && target !== null && !sameReference(old, target)
  const ways = guarded ? [withLinkDown(now), withLinkDown(changed), changed] : [changed]
  return ways.filter((each, index) => serialize(each) !== serialize(ways[index - 1] ?? now))
}

/** The same where another filter is in force than the interface says: libvirt does nothing unless it says another one. */
export function waysAnew(wanted: Pick<XmlElement, 'children'>, now: XmlElement): XmlElement[] {
  const without = withLinkDown(now)
  setReference(without, null)
  const changed = structuredClone(now)
  replaceChild(changed, 'filterref', find(wanted, 'filterref'))
  return [without, withLinkDown(changed), changed]
}

function linkOf(nic: XmlElement): string {
  return attr(child(nic, 'link'), 'state') ?? 'up'
}

/** The same interface, cut off. */
export function withLinkDown(nic: XmlElement): XmlElement {
  const down = structuredClone(nic)
  replaceChild(down, 'link', el('link', { state: 'down' }))
  return down
}

function find({ children: nodes }: Pick<XmlElement, 'children'>, name: string): XmlElement | undefined {
  return nodes.find((node): node is XmlElement => node.type === 'element' && node.name === name)
}

function replaceChild(parent: XmlElement, name: string, made: XmlElement | undefined): void {
  const at = parent.children.findIndex((node) => node.type === 'element' && node.name === name)
  parent.children.splice(at < 0 ? parent.children.length : at, at < 0 ? 0 : 1, ...made ? [structuredClone(made)] : [])
}
