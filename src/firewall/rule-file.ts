import { Place } from './faults.js'
import { needs as allNeeds, type Default, type FilterRules, type Need } from './rule.js'
import { readRules } from './rule-entry.js'
import { wordsOf, type Sets } from './rule-values.js'
import { readTree, type MapTree, type Tree } from './yaml-tree.js'

/** What `create` was told beside the file. */
export interface FileOptions {
  /** the file, for messages */
  where: string
  /** the name for the one filter of a file that names none */
  name?: string
}

const filterKeys = ['name', 'inherit', 'default', 'needs', 'rules', 'sets']

/**
 * Reads filters in the rule language: one filter, or `filters:` with a list of them, and `sets:` for all.
 * @throws UsageError that names the file, the line and the reason, for the first thing that is wrong
 */
export async function readRuleFile(text: string, options: FileOptions): Promise<FilterRules[]> {
  const place = new Place(options.where)
  const top = await readTree(text, options.where)
  if (top.kind !== 'map') throw place.wrong(top.line, 'a file of rules is lines of KEY: VALUE', 'rules: and below it, for each: - service: ssh')
  const sets = readSets(top, place)
  const list = top.entries.get('filters')
  const filters = list ? severalIn(top, list.value, place) : [top]
  const read = filters.map((tree) => readFilterEntry(tree, { sets, place, name: list ? undefined : options.name, single: !list }))
  for (const [index, { name, line }] of read.entries()) {
    if (read.findIndex((other) => other.name === name) < index) throw place.wrong(line, `the filter ${name} stands here twice`)
  }
  refuseLoops(read, place)
  return read
}

/** Who inherits must not be inherited by what it inherits. */
function refuseLoops(filters: readonly FilterRules[], place: Place): void {
  const byName = new Map(filters.map((filter) => [filter.name, filter]))
  const visit = (filter: FilterRules, above: readonly string[]): void => {
    for (const { name, line } of filter.inherit) {
      const way = [...above, filter.name]
      if (way.includes(name)) throw place.wrong(line, `the filters inherit in a circle: ${[...way.slice(way.indexOf(name)), name].join(' > ')}`)
      const next = byName.get(name)
      if (next) visit(next, way)
    }
  }
  for (const filter of filters) visit(filter, [])
}

function severalIn(top: MapTree, list: Tree, place: Place): MapTree[] {
  refuseUnknown(top, ['filters', 'sets'], 'beside filters:', place)
  if (list.kind !== 'list' || list.items.length === 0) throw place.wrong(list.line, 'filters is a list of filters', '- name: web')
  return list.items.map((item) => {
    if (item.kind !== 'map') throw place.wrong(item.line, 'a filter is lines of KEY: VALUE', '- name: web')
    return item
  })
}

function readSets(top: MapTree, place: Place): Sets {
  const given = top.entries.get('sets')?.value
  if (!given) return new Map()
  if (given.kind !== 'map') throw place.wrong(given.line, 'sets is lines of NAME: [VALUE, …]', 'office: [10.1.0.0/16, 2001:db8::/32]')
  return new Map([...given.entries].map(([name, { line, value }]) => {
    if (!/^[A-Za-z_][\w-]{0,62}$/.test(name)) throw place.wrong(line, `"${name}" cannot be the name of a set`, 'letters, digits, _ and -, a letter first')
    return [name, wordsOf(value, `the set ${name}`, place)]
  }))
}

function readFilterEntry(
  tree: MapTree, { sets, place, name, single }: { sets: Sets, place: Place, name?: string, single: boolean },
): FilterRules {
  refuseUnknown(tree, single ? filterKeys : filterKeys.filter((key) => key !== 'sets'), 'in a filter', place)
  const written = tree.entries.get('name')
  const [own, another] = written ? wordsOf(written.value, 'name', place) : []
  if (another) throw place.wrong(another.line, 'a filter has one name', 'filters: and below it, for each: - name: web')
  if (own && name !== undefined && own.text !== name) throw place.wrong(own.line, `the file names its filter ${own.text}, not ${name}`, 'leave one of the names out')
  const called = own?.text ?? name
  if (called === undefined) throw place.wrong(tree.line, 'a filter without a name', 'add name: web')
  const rules = tree.entries.get('rules')
  return {
    name: checkFilterName(called, own?.line ?? tree.line, place), line: own?.line ?? tree.line,
    inherit: readInherit(tree, called, place), default: readDefault(tree, place), needs: readNeeds(tree, place),
    rules: rules ? readRules(rules.value, { sets, place }) : [],
  }
}

/** libvirt's schema wants an XML name; and no name leads out of the folder of filters. */
export function checkFilterName(name: string, line: number | null, place: Place): string {
  if (/^[A-Za-z_][\w.-]{0,63}$/.test(name)) return name
  throw place.wrong(line, `"${name}" cannot be the name of a filter`, 'use up to 64 of A-Z a-z 0-9 _ . - and begin with a letter or _')
}

function readInherit(tree: MapTree, name: string, place: Place): FilterRules['inherit'] {
  const given = tree.entries.get('inherit')
  const words = given ? wordsOf(given.value, 'inherit', place) : []
  for (const [index, { text, line }] of words.entries()) {
    if (text === name) throw place.wrong(line, `the filter ${name} inherits itself`)
    if (words.findIndex((word) => word.text === text) < index) throw place.wrong(line, `${text} is inherited twice`)
    checkFilterName(text, line, place)
  }
  return words.map(({ text, line }) => ({ name: text, line }))
}

function readDefault(tree: MapTree, place: Place): Default | null {
  const given = tree.entries.get('default')?.value
  if (!given) return null
  const choice = (value: Tree): 'accept' | 'drop' => {
    const [word, ...more] = wordsOf(value, 'default', place)
    if (more.length === 0 && (word?.text === 'accept' || word?.text === 'drop')) return word.text
    const said = more.length === 0 && word ? `, not "${word.text}"` : ''
    throw place.wrong(value.line, `default is accept or drop${said}`, 'or one for each direction: {in: drop, out: accept}')
  }
  if (given.kind !== 'map') {
    const both = choice(given)
    return { in: both, out: both }
  }
  refuseUnknown(given, ['in', 'out'], 'in default', place)
  const [inward, outward] = [given.entries.get('in'), given.entries.get('out')]
  return { in: inward ? choice(inward.value) : 'drop', out: outward ? choice(outward.value) : 'drop' }
}

/** All, unless a list says which, or `none`. */
function readNeeds(tree: MapTree, place: Place): Need[] {
  const given = tree.entries.get('needs')
  if (!given) return [...allNeeds]
  if (given.value.kind === 'list' && given.value.items.length === 0) return []
  const words = wordsOf(given.value, 'needs', place)
  if (words.length === 1 && words[0]?.text === 'none') return []
  return words.map(({ text, line }) => {
    const need = allNeeds.find((each) => each === text)
    if (!need) throw place.wrong(line, `there is no need "${text}"`, `${allNeeds.join(', ')}, or none`)
    return need
  })
}

function refuseUnknown(tree: MapTree, known: readonly string[], where: string, place: Place): void {
  for (const [key, { line }] of tree.entries) {
    if (!known.includes(key)) throw place.wrong(line, `unknown key "${key}" ${where}`, `known are ${known.join(', ')}`)
  }
}
