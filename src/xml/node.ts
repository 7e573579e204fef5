import { js2xml, xml2js } from 'xml-js'
import type { Element as JsNode } from 'xml-js'
import { UsageError } from '../errors.js'
import { isBlank, isName, refuseForbiddenCharacter } from './characters.js'
import { maxDepth, wellFormed } from './wellformed.js'

export interface XmlElement {
  type: 'element'
  /** As written, prefix included: `bay:bay`. */
  name: string
  attributes: Record<string, string>
  children: XmlNode[]
}

export interface XmlText { type: 'text', text: string }

export interface XmlCdata { type: 'cdata', cdata: string }
export interface XmlComment { type: 'comment', comment: string }
export interface XmlInstruction { type: 'instruction', name: string, instruction: string }
export type XmlNode = XmlElement | XmlText | XmlCdata | XmlComment | XmlInstruction

/** What `el` takes as attributes: true is written `yes` and false `no`, as libvirt does; null and undefined leave out. */
export type Attributes = Record<string, string | number | boolean | undefined | null>

/** What `el` takes as children; null, undefined and false are skipped, so that `condition && el(…)` reads well. */
export type Child = XmlNode | string | number | null | undefined | false

/**
 * Builds an element: `el('disk', { type: 'file' }, el('readonly', {}), 'text')`.
 * Throws UsageError for what XML cannot carry: a name that is none, a control character, a number that is not whole.
 */
export function el(name: string, attributes: Attributes, ...children: Child[]): XmlElement {
  if (!isName(name)) throw new UsageError(`${JSON.stringify(name)} cannot be the name of an XML element`)
  const element: XmlElement = { type: 'element', name, attributes: {}, children: [] }
  setAttributes(element, attributes)
  addChildren(element, children)
  return element
}

export function text(value: string): XmlText {
  return { type: 'text', text: value }
}

/** Sets what is given, removes what is null and leaves what is undefined or not named. */
export function setAttributes(element: XmlElement, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (!isName(name)) throw new UsageError(`${JSON.stringify(name)} cannot be the name of an XML attribute`)
    if (value === null) delete element.attributes[name]
    else if (value !== undefined) element.attributes[name] = carried(value, `${name} of <${element.name}>`)
  }
}

export function addChildren(element: XmlElement, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === '') continue
    if (typeof child === 'object') element.children.push(child)
    else addText(element, carried(child, `the text of <${element.name}>`))
  }
}

/**
 * Reads one document and returns its root element. Order, comments, CDATA, instructions, prefixes and unknown
 * elements stay; so do blanks beside text. Lost: indentation, what stands outside the root, empty comments and CDATA.
 * Throws UsageError, with line and column, unless the text is well-formed, has exactly one root, no DOCTYPE and
 * no more than 256 levels.
 */
export function parse(xml: string): XmlElement {
  // The cast picks the non-compact half of the result's type, as the option picks it of the result.
  const document = xml2js(wellFormed(xml), { compact: false, captureSpacesBetweenElements: true }) as JsNode
  const [root] = (document.elements ?? []).map((node) => fromJs(node, false))
  if (root?.type !== 'element') throw new Error('the parser gave no root element')
  return root
}

export interface SerializeOptions {
  /** Spaces a level; 0 puts all on one line. Elements that hold text are never indented. */
  indent?: number
}

/** Writes an element so that `parse` gives the same tree back. No XML declaration and no newline at the end. */
export function serialize(element: XmlElement, { indent = 2 }: SerializeOptions = {}): string {
  return js2xml({ elements: [toJs(element, indent, 0)] }, { textFn: escapeReturn, cdataFn: splitCdata })
}

function carried(value: string | number | boolean, where: string): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new UsageError(`${where} must be a whole number, not ${value}`)
  }
  refuseForbiddenCharacter(String(value), where)
  return String(value)
}

function addText(element: XmlElement, value: string): void {
  const last = element.children.at(-1)
  if (last?.type === 'text') element.children[element.children.length - 1] = text(last.text + value)
  else element.children.push(text(value))
}

function fromJs(node: JsNode, preserve: boolean): XmlNode {
  if (node.type === 'text') return text(String(node.text ?? ''))
  if (node.type === 'cdata') return { type: 'cdata', cdata: node.cdata ?? '' }
  if (node.type === 'comment') return { type: 'comment', comment: node.comment ?? '' }
  if (node.type === 'instruction') {
    return { type: 'instruction', name: node.name ?? '', instruction: node.instruction ?? '' }
  }
  if (node.type !== 'element') throw new Error(`the parser gave a node of type ${node.type}`)
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(node.attributes ?? {})) attributes[name] = String(value)
  const keep = spacePreserved(attributes, preserve)
  const children = (node.elements ?? []).map((child) => fromJs(child, keep))
  return { type: 'element', name: node.name ?? '', attributes, children: keep ? children : withoutIndentation(children) }
}

/** Blank text between elements is indentation, unless text or CDATA stands beside it or nothing else is there. */
function withoutIndentation(children: XmlNode[]): XmlNode[] {
  const isSpace = (node: XmlNode) => node.type === 'text' && isBlank(node.text)
  const mixed = children.some((node) => (node.type === 'text' && !isSpace(node)) || node.type === 'cdata')
  return mixed || children.every(isSpace) ? children : children.filter((node) => !isSpace(node))
}

/**
 * The tree as js2xml must get it: js2xml escapes only `"` in attributes, and in text takes `&amp;` for an `&` that is
 * escaped already; so `&` is escaped here, and in attributes also what parsers would otherwise read as markup or blank.
 */
function toJs(node: XmlNode, indent: number, depth: number): JsNode {
  if (node.type === 'text') return { type: 'text', text: node.text.replaceAll('&', '&amp;') }
  if (node.type !== 'element') return node
  if (depth >= maxDepth) throw new UsageError(`XML elements are nested more than ${maxDepth} deep`)
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(node.attributes)) attributes[name] = escapeAttribute(value)
  const holdsText = node.children.some((child) => child.type === 'text' || child.type === 'cdata')
  const step = holdsText || spacePreserved(node.attributes, false) ? 0 : indent
  const elements = node.children.map((child) => toJs(child, step, depth + 1))
  return { type: 'element', name: node.name, attributes, elements: step > 0 ? indented(elements, step, depth) : elements }
}

function indented(nodes: JsNode[], step: number, depth: number): JsNode[] {
  if (nodes.length === 0) return nodes
  const newline = (level: number): JsNode => ({ type: 'text', text: `\n${' '.repeat(step * level)}` })
  return [...nodes.flatMap((node) => [newline(depth + 1), node]), newline(depth)]
}

function spacePreserved(attributes: Record<string, string>, inherited: boolean): boolean {
  const space = attributes['xml:space']
  return space === undefined ? inherited : space === 'preserve'
}

function escapeAttribute(value: string): string {
  return value.replace(/[&<>\t\n\r]/g, (character) => attributeEscapes[character] ?? character)
}

const attributeEscapes: Record<string, string> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '\t': '&#9;', '\n': '&#10;', '\r': '&#13;',
}

function escapeReturn(escaped: string): string {
  return escaped.replaceAll('\r', '&#13;')
}

function splitCdata(cdata: string): string {
  return cdata.replaceAll(']]>', ']]]]><![CDATA[>')
}
