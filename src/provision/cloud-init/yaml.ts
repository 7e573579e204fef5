import { Document, isCollection, LineCounter, Pair, parseDocument, Scalar, visit, YAMLMap, YAMLSeq, type ScalarTag } from 'yaml'
import { UsageError } from '../../errors.js'

/**
 * cloud-init reads YAML with PyYAML, whose rules are neither those of YAML 1.2 nor all of 1.1: `no` is false, `0123` is 83,
 * `1e3` is a text, `=` an error. So nothing is left to rules here: what is a text goes out in quotes unless nobody could
 * mistake it, and what a user wrote without quotes, and PyYAML takes for something else than a text, goes out as it was.
 */
export type YamlValue = string | number | boolean | null | Plain | YamlValue[] | YamlMap
export type YamlMap = Map<YamlValue, YamlValue>

/** What stood in a file without quotes and is no text: its spelling. */
export class Plain {
  readonly text: string
  readonly binary: boolean

  constructor(text: string, { binary = false } = {}) {
    this.text = text
    this.binary = binary
  }
}

/** A map without what is undefined. */
export function yamlMap(entries: Record<string, YamlValue | undefined>): YamlMap {
  return new Map(Object.entries(entries).filter((entry): entry is [string, YamlValue] => entry[1] !== undefined))
}

export function isNull(value: YamlValue | undefined): boolean {
  return value === null || (value instanceof Plain && /^(?:|~|null|Null|NULL)$/.test(value.text))
}

/** The map as a document of ASCII only. @throws UsageError for half a surrogate pair, and for more than 100 levels */
export function writeYaml(map: YamlMap): string {
  const document = new Document<Node, true>(null, { schema: 'failsafe', version: '1.1' })
  document.contents = nodeOf(map, 0)
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true })
  // All that is not ASCII stands in double quotes. PyYAML refuses some of it raw, and some reads as another line's end.
  return text.replaceAll(/[\x7f-\u{10ffff}]/gu, escaped)
}

/** @throws UsageError that names the line, for what is no YAML or has a tag that cloud-init would not know */
export function parseYaml(text: string, what: string): YamlValue {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    schema: 'failsafe', version: '1.1', customTags: [plainTag, binaryTag, 'merge'], merge: true, lineCounter,
  })
  const fault = document.errors[0] ?? document.warnings[0]
  // The first line: what follows shows the text, which may hold a secret.
  if (fault) throw new UsageError(`${what}: ${fault.message.split('\n')[0]?.replace(/:$/, '')}`)
  const refuse = (problem: string, at = 0) => {
    throw new UsageError(`${what}: ${problem} at line ${lineCounter.linePos(at).line}`)
  }
  visit(document, {
    // What a forgotten template looks like: `name: {{ v1.instance_id }}`. Python has no such keys.
    Pair: (_, { key }) => { if (isCollection(key)) refuse('A list or map as a key', key.range?.[0]) },
    Alias: (_, alias) => { if (!alias.resolve(document)) refuse(`No anchor for the alias ${alias.source}`, alias.range?.[0]) },
  })
  try {
    return document.toJS({ mapAsMap: true }) as YamlValue
  } catch (error) {
    throw new UsageError(`${what}: ${(error as Error).message}`)
  }
}

type Node = Scalar | YAMLMap | YAMLSeq

/** What PyYAML 6 takes for null, a boolean, a number or a time: yaml/resolver.py */
const notText = new RegExp([
  '', '~|null|Null|NULL', 'yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF',
  '[-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+][0-9]+)?', '\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?',
  '[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*', '[-+]?\\.(?:inf|Inf|INF)', '\\.(?:nan|NaN|NAN)',
  '[-+]?0b[0-1_]+', '[-+]?0[0-7_]+', '[-+]?(?:0|[1-9][0-9_]*)', '[-+]?0x[0-9a-fA-F_]+', '[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+',
  '[0-9]{4}-[0-9]{2}-[0-9]{2}',
  '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]*)?(?:[ \\t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?',
].map((form) => `^(?:${form})$`).join('|'))

const plainTag: ScalarTag = { tag: 'tag:bay,2026:plain', default: true, test: notText, resolve: (text) => new Plain(text) }
const binaryTag: ScalarTag = { tag: 'tag:yaml.org,2002:binary', resolve: (text) => new Plain(text, { binary: true }) }

function nodeOf(value: YamlValue, depth: number): Node {
  // An alias to what it stands in has no end.
  if (depth > 100) throw new UsageError('YAML with more than 100 levels')
  if (Array.isArray(value)) return filled(new YAMLSeq(), value.map((item) => nodeOf(item, depth + 1)))
  if (value instanceof Map) {
    const map = new YAMLMap<Node, Node>()
    for (const [key, item] of value) map.items.push(new Pair(nodeOf(key, depth + 1), nodeOf(item, depth + 1)))
    return map
  }
  if (typeof value === 'string') return textNode(value)
  if (value instanceof Plain && value.binary) return scalar(value.text, 'QUOTE_DOUBLE', binaryTag.tag)
  if (value instanceof Plain) return scalar(value.text === '' ? 'null' : value.text, 'PLAIN')
  return scalar(String(value), 'PLAIN')
}

function filled(list: YAMLSeq, items: Node[]): YAMLSeq {
  list.items = items
  return list
}

/** Without quotes only what begins with two letters: some readers take `y` for a boolean, and `e0` for a number. */
function textNode(text: string): Scalar {
  if (/\p{Cs}/u.test(text)) throw new UsageError('a text has half a character (a surrogate without its other half)')
  if (/^[A-Za-z]{2}[A-Za-z0-9_./-]*$/.test(text) && !notText.test(text)) return scalar(text, 'PLAIN')
  const readable = /^[\x21-\x7e][\x20-\x7e\n]*[\x21-\x7e]\n?$/.test(text) && text.includes('\n')
  return scalar(text, readable ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE')
}

function scalar(text: string, type: Scalar.Type, tag?: string): Scalar {
  const node = new Scalar(text)
  node.type = type
  if (tag !== undefined) node.tag = tag
  return node
}

/** JSON's pairs of `\u` would be two characters for PyYAML. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
