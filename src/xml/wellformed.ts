import { UsageError } from '../errors.js'
import { forbiddenCharacter, isBlank, isName, namePattern } from './characters.js'

/** Elements inside elements; libvirt's own documents stay under 20. */
export const maxDepth = 256

/**
 * Checks that a text is one well-formed XML 1.0 document without DOCTYPE, and returns its root element's text as a
 * parser must see it: line ends are `\n`, blanks inside attribute values are spaces.
 *
 * xml-js accepts much that is not XML (two roots, truncation, a repeated attribute, `<!ENTITY>`, `&AMP;`) and loses
 * or misreads it, so nothing reaches it unchecked. Throws UsageError with line and column.
 */
export function wellFormed(xml: string): string {
  const text = xml.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const scan: Scan = { text, at: 0, open: [], rootSeen: false, root: [] }
  const found = forbiddenCharacter(text)
  if (found) fail({ ...scan, at: found.index }, `${found.name} is not allowed in XML`)
  skipDeclaration(scan)
  while (scan.at < text.length) readToken(scan)
  const unclosed = scan.open.at(-1)
  if (unclosed !== undefined) fail(scan, `the text ends before </${unclosed}>`)
  if (!scan.rootSeen) fail(scan, isBlank(text) ? 'the document is empty' : 'there is no root element')
  return scan.root.join('')
}

interface Scan {
  readonly text: string
  at: number
  /** The names of the elements that are open, outermost first. */
  readonly open: string[]
  rootSeen: boolean
  /** The root element so far, as it goes to the parser. */
  readonly root: string[]
}

function skipDeclaration(scan: Scan): void {
  if (/^<\?xml[ \t\n?]/.test(scan.text)) scan.at = find(scan, '?>', 'the XML declaration') + 2
}

function readToken(scan: Scan): void {
  const starts = (prefix: string) => scan.text.startsWith(prefix, scan.at)
  if (!starts('<')) readText(scan)
  else if (starts('<!--')) readComment(scan)
  else if (starts('<![CDATA[')) readCdata(scan)
  else if (starts('<?')) readInstruction(scan)
  else if (starts('</')) readClosingTag(scan)
  else if (starts('<!')) refuseDeclaration(scan)
  else readOpeningTag(scan)
}

function readText(scan: Scan): void {
  const next = scan.text.indexOf('<', scan.at)
  const text = scan.text.slice(scan.at, next < 0 ? undefined : next)
  if (scan.open.length === 0 && !isBlank(text)) fail(scan, 'text stands outside the root element')
  if (text.includes(']]>')) fail(scan, ']]> is not allowed in text', text.indexOf(']]>'))
  checkReferences(scan, text)
  take(scan, text.length, text)
}

function readComment(scan: Scan): void {
  const end = find(scan, '-->', 'a comment', 4)
  const dashes = scan.text.indexOf('--', scan.at + 4)
  if (dashes < end) fail(scan, '-- is not allowed in a comment')
  take(scan, end + 3 - scan.at)
}

function readCdata(scan: Scan): void {
  if (scan.open.length === 0) fail(scan, 'a CDATA section stands outside the root element')
  take(scan, find(scan, ']]>', 'a CDATA section', 9) + 3 - scan.at)
}

function readInstruction(scan: Scan): void {
  const end = find(scan, '?>', 'a processing instruction', 2)
  const target = /^[^ \t\n?]*/.exec(scan.text.slice(scan.at + 2, end))?.[0] ?? ''
  if (target.toLowerCase() === 'xml') fail(scan, 'the XML declaration must stand at the very start')
  if (!isName(target)) fail(scan, 'a processing instruction has no usable name')
  // Legal, but the parser would not see its end.
  if (scan.text[end - 1] === '?') fail(scan, 'a processing instruction that ends in ??> is not supported')
  take(scan, end + 2 - scan.at)
}

function refuseDeclaration(scan: Scan): never {
  const what = /^<!doctype/i.test(scan.text.slice(scan.at, scan.at + 9)) ? 'a DOCTYPE' : 'a <! declaration'
  fail(scan, `${what} is not allowed`)
}

function readClosingTag(scan: Scan): void {
  const tag = matchAt(scan, closingTag)
  const expected = scan.open.at(-1)
  if (!tag) fail(scan, 'a closing tag is malformed')
  if (expected === undefined) fail(scan, `</${brief(tag[1])}> closes nothing`)
  if (tag[1] !== expected) fail(scan, `</${brief(tag[1])}> where </${brief(expected)}> is needed`)
  take(scan, tag[0].length)
  scan.open.pop()
}

function readOpeningTag(scan: Scan): void {
  const name = matchAt(scan, openingName)?.[1]
  if (name === undefined) fail(scan, '< does not start a tag here (write &lt; in text)')
  if (scan.open.length === 0 && scan.rootSeen) fail(scan, `a second root element, <${brief(name)}>`)
  if (scan.open.length >= maxDepth) fail(scan, `elements are nested more than ${maxDepth} deep`)
  const tag = [`<${name}`]
  scan.open.push(name)
  scan.rootSeen = true
  skip(scan, name.length + 1)
  readAttributes(scan, name, tag)
  const end = matchAt(scan, tagEnd)
  if (!end) fail(scan, `the tag <${brief(name)}> is malformed`)
  take(scan, end[0].length, [...tag, end[0]].join(''))
  if (end[0].endsWith('/>')) scan.open.pop()
}

function readAttributes(scan: Scan, element: string, tag: string[]): void {
  const seen = new Set<string>()
  for (let match = matchAt(scan, attribute); match; match = matchAt(scan, attribute)) {
    const [whole, name = '', quoted = ''] = match
    if (seen.has(name)) fail(scan, `<${brief(element)}> has two attributes ${brief(name)}`)
    if (!isName(name)) fail(scan, `<${brief(element)}> has an attribute ${brief(name)}, a name that is not supported`)
    checkReferences(scan, quoted)
    seen.add(name)
    tag.push(` ${name}=${quoted.replace(/[\t\n]/g, ' ')}`)
    skip(scan, whole.length)
  }
}

/** Every `&` starts one of XML's five entities or the number of an allowed character. */
function checkReferences(scan: Scan, text: string): void {
  if (!text.includes('&')) return
  const stray = strayAmpersand.exec(text)
  if (stray) fail(scan, 'an & is followed by no known entity (write &amp;)', stray.index)
  for (const match of text.matchAll(/&#(?:x([0-9a-fA-F]+)|([0-9]+));/g)) {
    const code = match[1] === undefined ? parseInt(match[2] ?? '', 10) : parseInt(match[1], 16)
    if (code > 0x10FFFF || forbiddenCharacter(String.fromCodePoint(code))) {
      fail(scan, `${brief(match[0])} is not a character that XML allows`, match.index)
    }
  }
}

/** Goes on by `length` characters and, inside the root, hands them (or `text` in their place) to the parser. */
function take(scan: Scan, length: number, text = scan.text.slice(scan.at, scan.at + length)): void {
  if (scan.open.length > 0) scan.root.push(text)
  skip(scan, length)
}

function skip(scan: Scan, length: number): void {
  scan.at += length
}

function find(scan: Scan, end: string, what: string, offset = 0): number {
  const index = scan.text.indexOf(end, scan.at + offset)
  if (index < 0) fail(scan, `${what} is never closed`)
  return index
}

function matchAt(scan: Scan, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = scan.at
  return pattern.exec(scan.text)
}

function fail(scan: Pick<Scan, 'text' | 'at'>, problem: string, offset = 0): never {
  const before = scan.text.slice(0, scan.at + offset)
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  throw new UsageError(`not valid XML, line ${line}, column ${column}: ${problem}`)
}

function brief(text = ''): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const openingName = new RegExp(`<(${namePattern})`, 'y')
const closingTag = new RegExp(`</(${namePattern})[ \\t\\n]*>`, 'y')
const attribute = new RegExp(`[ \\t\\n]+(${namePattern})[ \\t\\n]*=[ \\t\\n]*("[^<"]*"|'[^<']*')`, 'y')
const tagEnd = /[ \t\n]*\/?>/y
const strayAmpersand = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);)/
