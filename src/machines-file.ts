import type * as yamlModule from 'yaml'
import type { Alias, Document, LineCounter, Node, Pair, YAMLMap } from 'yaml'
import { UsageError } from './errors.js'
import { readInput } from './input-file.js'

/** A file of machines as it is written; nothing but its form is checked. */
export interface MachinesFile {
  /** for messages: the file's name, or `standard input` */
  where: string
  /** what entries inherit */
  defaults: Keys
  entries: FileEntry[]
}

export interface FileEntry {
  /** where it begins, from 1 */
  line: number
  keys: Keys
}

export type Keys = ReadonlyMap<string, FileValue>

/** Scalars are texts as they are written: `0123`, `yes` and `1.10` mean what they mean on a command line. */
export interface FileValue {
  line: number
  texts: readonly string[]
  list: boolean
}

/** Thousands of machines are some hundred kilobytes. */
const mostCharacters = 4 * 2 ** 20
const mostMachines = 1000

/**
 * Reads a YAML or JSON file of machines, or standard input for `-`: a list of machines, or `machines:` with that list and
 * `defaults:`. @throws UsageError that names the file and the line
 */
export async function readMachinesFile(path: string): Promise<MachinesFile> {
  const text = await readInput(path)
  const where = path === '-' ? 'standard input' : path
  if (text.length > mostCharacters) throw new UsageError(`${where} is too large for a list of machines: more than 4M`)
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  // failsafe: all scalars are texts
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, schema: 'failsafe' })
  const [error] = document.errors
  if (error) throw new UsageError(`${where}:${lines.linePos(error.pos[0]).line}: ${error.message}`)
  return new Reader(yaml, document, { lines, where }).machines()
}

type Nodes = Pick<typeof yamlModule, 'isAlias' | 'isMap' | 'isScalar' | 'isSeq'>

/** Walks the tree of nodes, which know their lines. */
class Reader {
  readonly #yaml: Nodes
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #where: string

  constructor(yaml: Nodes, document: Document, { lines, where }: { lines: LineCounter, where: string }) {
    this.#yaml = yaml
    this.#document = document
    this.#lines = lines
    this.#where = where
  }

  machines(): MachinesFile {
    const top = this.#target(this.#document.contents)
    if (this.#yaml.isMap(top)) return this.#sections(top)
    return { where: this.#where, defaults: new Map(), entries: this.#entries(top) }
  }

  #sections(top: YAMLMap): MachinesFile {
    const sections = new Map(top.items.map((pair) => [this.#keyOf(pair), pair]))
    for (const [key, pair] of sections) {
      if (key !== 'machines' && key !== 'defaults') throw this.#wrong(pair.key, `unknown key "${key}"`, 'a file has defaults: and machines:, or is the list of machines itself')
    }
    const [machines, defaults] = [sections.get('machines'), sections.get('defaults')]
    return {
      where: this.#where, entries: this.#entries(this.#target(machines?.value)),
      defaults: defaults ? this.#keys(this.#target(defaults.value), this.#line(defaults.key), 'defaults') : new Map(),
    }
  }

  #entries(list: unknown): FileEntry[] {
    if (!this.#yaml.isSeq(list)) throw new UsageError(`${this.#where} has no list of machines`, 'machines: and below it, for each: - name: web-1')
    if (list.items.length === 0) throw this.#wrong(list, 'the list of machines is empty')
    if (list.items.length > mostMachines) throw this.#wrong(list, `${list.items.length} machines are more than ${mostMachines}`, 'split the file')
    return list.items.map((item) => {
      const line = this.#line(item)
      return { line, keys: this.#keys(this.#target(item), line, 'a machine') }
    })
  }

  #keys(map: unknown, line: number, what: string): Keys {
    if (!this.#yaml.isMap(map)) throw new UsageError(`${this.#where}:${line}: ${what} is lines of KEY: VALUE`)
    return new Map(map.items.map((pair) => [this.#keyOf(pair), this.#value(pair)]))
  }

  #value(pair: Pair): FileValue {
    const [key, line] = [this.#keyOf(pair), this.#line(pair.key)]
    const value = this.#target(pair.value)
    if (!this.#yaml.isSeq(value)) return { line, list: false, texts: [this.#text(value, line, key)] }
    if (value.items.length === 0) throw new UsageError(`${this.#where}:${line}: ${key} is an empty list`, 'leave the key out')
    return { line, list: true, texts: value.items.map((item, index) => this.#text(this.#target(item), line, `${key}[${index}]`)) }
  }

  #text(node: unknown, line: number, key: string): string {
    const missing = () => new UsageError(`${this.#where}:${line}: ${key} is empty`, 'leave the key out')
    if (node === null || node === undefined) throw missing()
    if (!this.#yaml.isScalar(node) || typeof node.value !== 'string') {
      throw new UsageError(`${this.#where}:${line}: ${key} is a text, not a ${this.#yaml.isMap(node) ? 'mapping' : 'list'}`, `write it as --${key.replace(/\[.*/, '')} takes it`)
    }
    if (node.type === 'PLAIN' && /^(|~|null|Null|NULL)$/.test(node.value)) throw missing()
    return node.value
  }

  #keyOf({ key }: Pair): string {
    if (this.#yaml.isScalar(key) && typeof key.value === 'string') return key.value
    throw this.#wrong(key, 'a key is a word')
  }

  /** What an alias (`*name`) stands for. */
  #target(node: unknown): unknown {
    return this.#yaml.isAlias(node) ? this.#resolved(node) : node
  }

  #resolved(alias: Alias): unknown {
    const target = alias.resolve(this.#document)
    if (target === undefined) throw this.#wrong(alias, `there is no &${alias.source}`)
    return target
  }

  #line(node: unknown): number {
    const range = (node as Node | null)?.range
    return range ? this.#lines.linePos(range[0]).line : 1
  }

  #wrong(node: unknown, what: string, ...hints: string[]): UsageError {
    return new UsageError(`${this.#where}:${this.#line(node)}: ${what}`, ...hints)
  }
}
