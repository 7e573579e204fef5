import { UsageError } from '../../errors.js'
import { el, parse, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, textOf } from '../../xml/tree.js'
import { failure, VirtError } from '../errors.js'
import { poolOrNetworkXml } from '../flags.js'
import { unlessGone } from './gone.js'

/** How the objects of one kind are looked up and defined. */
export interface Kind<H extends Disposable> {
  find: (name: string) => H
  /** `old` is the one of that name, if there is one */
  define: (xml: string, old: H | null) => H | Promise<H>
  uuid: (object: H) => string
  /** what libvirt keeps of it; null when it does not tell */
  stored: (object: H) => string | null
  /** takes from the stored document what is no part of the definition */
  strip?: (root: XmlElement, given: XmlElement) => void
  /** gives a new document what the host chose for the old one, beyond the UUID, and the new one leaves open */
  carryOver?: (root: XmlElement, old: XmlElement) => void
}

/** A document from the user. */
export interface Given {
  xml: string
  root: XmlElement
  name: string
  /** the file, for messages */
  where: string
}

export interface DefineOptions {
  dryRun: boolean
  /** refuses what may not be made, though it may be redefined */
  checkNew?: () => void
  /** what a dry run would have defined before it */
  earlier?: readonly string[]
}

export interface Defined {
  changed: boolean
  said: string
  uuid: string | null
}

/** Reads a document of the user's. @throws UsageError that names the file, and the line, when it is no XML or something else */
export function readGiven(xml: string, file: string, kind: 'domain' | 'network' | 'pool' | 'filter'): Given {
  const where = file === '-' ? 'standard input' : file
  const root = parseAt(xml, where)
  if (root.name !== kind) throw new UsageError(`${where} holds a <${root.name}>, not a <${kind}>`)
  const name = kind === 'filter' ? attr(root, 'name') : textOf(child(root, 'name'))
  if (!name) throw new UsageError(`${where}: the <${kind}> has no name`)
  return { xml, root, name, where }
}

function parseAt(xml: string, where: string): XmlElement {
  try {
    return parse(xml)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${where}: ${error.message}`, ...error.hints)
    throw error
  }
}

/**
 * Defines an object from its XML, or defines it anew under its old UUID; nothing is ever undefined for that.
 * Nothing has changed when libvirt keeps the same as before.
 * @throws VirtError, in words that name the file
 */
export async function defineXml<H extends Disposable>(
  given: Given, kind: Kind<H>, { dryRun, checkNew }: DefineOptions,
): Promise<Defined> {
  using old = existing(kind, given.name)
  if (!old) checkNew?.()
  const before = old && kind.stored(old)
  const xml = old ? asOld(given, kind, kind.uuid(old), before) : given.xml
  if (dryRun) return foretold(given, kind, old && { uuid: kind.uuid(old), before }, xml)
  using now = await defining(kind, xml, given.where, old)
  const after = before === null ? null : kind.stored(now)
  const changed = before === null || after === null || comparable(kind, before, given.root) !== comparable(kind, after, given.root)
  return { changed, said: !old ? 'defined' : changed ? 'redefined' : 'already defined so', uuid: kind.uuid(now) }
}

/** What libvirt keeps as it was printed is the same; of anything else only libvirt knows what it makes of it. */
function foretold<H extends Disposable>(
  { root }: Given, kind: Kind<H>, old: { uuid: string, before: string | null } | null, xml: string,
): Defined {
  if (old === null) return { changed: true, said: 'would be defined', uuid: null }
  const same = old.before !== null && comparable(kind, old.before, root) === comparable(kind, xml, root)
  return { changed: !same, said: same ? 'already defined so' : 'would be redefined', uuid: old.uuid }
}

/** The XML of a definition; null while it runs on a driver that shows only what runs. */
export function storedXml(object: { xml: (flags?: number) => string, isActive: () => boolean }): string | null {
  const stored = unlessGone(() => object.xml(poolOrNetworkXml.inactive), failure.invalidArgument)
  return stored ?? (object.isActive() ? null : object.xml())
}

/** The object of that name, or null. */
export function existing<H>({ find }: { find: (name: string) => H }, name: string): H | null {
  try {
    return find(name)
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-found') return null
    throw error
  }
}

/** The new document as libvirt takes it for the old object. What is complete already is sent as it was written. */
function asOld<H extends Disposable>({ xml }: Given, kind: Kind<H>, uuid: string, old: string | null): string {
  const root = parse(xml)
  const asGiven = serialize(root)
  // In front: the schema of filters has an order.
  if (!child(root, 'uuid')) root.children.unshift(el('uuid', {}, uuid))
  if (old !== null) kind.carryOver?.(root, parse(old))
  const completed = serialize(root)
  return completed === asGiven ? xml : completed
}

async function defining<H extends Disposable>(kind: Kind<H>, xml: string, where: string, old: H | null): Promise<H> {
  try {
    return await kind.define(xml, old)
  } catch (error) {
    if (error instanceof VirtError && ['usage', 'exists'].includes(error.code)) throw error.restated(`${where}: ${inOneLine(error.message)}`)
    throw error
  }
}

/** What the schema finds comes in lines, the first about the schema's own file. */
function inOneLine(message: string): string {
  const [first = '', ...rest] = message.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  return rest.length === 0 ? first : `libvirt refuses it: ${rest.join('; ')}`
}

function comparable<H extends Disposable>({ strip }: Kind<H>, stored: string, given: XmlElement): string {
  const root = parse(stored)
  strip?.(root, given)
  return serialize(root)
}
