import type * as yamlModule from 'yaml'
import type { Document } from 'yaml'
import { UsageError } from '../errors.js'

/** A YAML document whose every part knows its line. Scalars are texts as they are written. */
export type Tree = TextTree | ListTree | MapTree
export interface TextTree { kind: 'text', line: number, text: string }
export interface ListTree { kind: 'list', line: number, items: readonly Tree[] }
export interface MapTree { kind: 'map', line: number, entries: ReadonlyMap<string, { line: number, value: Tree }> }

const mostCharacters = 2 ** 20
/** Aliases of aliases can make a small file endless. */
const mostNodes = 100_000
const mostLevels = 20

/** @throws UsageError with the place: `where:LINE: …` */
export async function readTree(text: string, where: string): Promise<Tree> {
  if (text.length > mostCharacters) throw new UsageError(`${where} is too large for rules: more than 1M`)
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  // failsafe: all scalars are texts, so that `no`, `0123` and `1_000` are what they look like
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, schema: 'failsafe' })
  const [error] = document.errors
  if (error) throw new UsageError(`${where}:${lines.linePos(error.pos[0]).line}: ${error.message}`)
  const lineOf = (node: unknown, otherwise: number) => {
    const start = yaml.isNode(node) ? node.range?.[0] : undefined
    return start === undefined ? otherwise : lines.linePos(start).line
  }
  return new Converter(yaml, document, { where, lineOf }).convert(document.contents, { line: 1, level: 0 })
}

interface Place { where: string, lineOf: (node: unknown, otherwise: number) => number }

class Converter {
  readonly #yaml: typeof yamlModule
  readonly #document: Document
  readonly #place: Place
  #count = 0

  constructor(yaml: typeof yamlModule, document: Document, place: Place) {
    this.#yaml = yaml
    this.#document = document
    this.#place = place
  }

  convert(node: unknown, parent: { line: number, level: number }): Tree {
    const line = this.#place.lineOf(node, parent.line)
    const below = { line, level: parent.level + 1 }
    this.#count += 1
    if (this.#count > mostNodes) throw new UsageError(`${this.#place.where}:${line}: that is more than ${mostNodes} values`)
    if (parent.level > mostLevels) throw new UsageError(`${this.#place.where}:${line}: that is more than ${mostLevels} levels deep`)
    if (this.#yaml.isAlias(node)) {
      const target = node.resolve(this.#document)
      if (target === undefined) throw new UsageError(`${this.#place.where}:${line}: there is no &${node.source}`)
      return { ...this.convert(target, below), line }
    }
    if (this.#yaml.isSeq(node)) return { kind: 'list', line, items: node.items.map((item) => this.convert(item, below)) }
    if (!this.#yaml.isMap(node)) return { kind: 'text', line, text: this.#text(node) }
    const entries = node.items.map(({ key, value }) => {
      const at = this.#place.lineOf(key, line)
      return [this.#text(key), { line: at, value: this.convert(value, { ...below, line: at }) }] as const
    })
    return { kind: 'map', line, entries: new Map(entries) }
  }

  /** '' for what is left empty, and for the ways to write null. */
  #text(node: unknown): string {
    if (!this.#yaml.isScalar(node) || typeof node.value !== 'string') return ''
    return node.type === 'PLAIN' && /^(~|null|Null|NULL)$/.test(node.value) ? '' : node.value
  }
}
