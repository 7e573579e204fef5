import { parse, setAttributes } from './node.js'
import type { XmlElement } from './node.js'
import { all, attr } from './tree.js'

/** Who may use a display: a password, and until when it is one. */
export interface DisplayAccess {
  password: string
  validTo: Date | null
}

/** The `<graphics>` of a domain's XML, in order (https://libvirt.org/formatdomain.html#graphical-framebuffers). */
export function graphicsOf(xml: string): XmlElement[] {
  return all(parse(xml), 'devices/graphics')
}

/** What the element says of its password; null when it has none, as always in XML that was not asked for its secrets. */
export function readAccess(graphics: XmlElement): DisplayAccess | null {
  const password = attr(graphics, 'passwd')
  const validTo = attr(graphics, 'passwdValidTo')
  return password === undefined ? null : { password, validTo: validTo === undefined ? null : new Date(`${validTo}Z`) }
}

/** A copy of the element in which nothing but the password and its end differ; null is for none. */
export function withAccess(graphics: XmlElement, access: DisplayAccess | null): XmlElement {
  const copy = { ...graphics, attributes: { ...graphics.attributes } }
  setAttributes(copy, { passwd: access?.password ?? null, passwdValidTo: access?.validTo ? inUtc(access.validTo) : null })
  return copy
}

/** libvirt reads the time as UTC, in whole seconds and without a zone. */
function inUtc(time: Date): string {
  return time.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)
}
