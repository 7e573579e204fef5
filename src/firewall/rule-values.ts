import { parseAddresses, type Addresses } from './addresses.js'
import type { Place } from './faults.js'
import type { Ports } from './rule.js'
import type { Tree } from './yaml-tree.js'

/** One word of a value, where it is written. */
export interface Word { line: number, text: string }

/** Named lists of addresses or of ports; a set may name others. */
export type Sets = ReadonlyMap<string, readonly Word[]>

/** The words of `a`, of `a, b` and of a list. @throws UsageError for what is no text, and for nothing at all */
export function wordsOf(tree: Tree, key: string, place: Place): Word[] {
  const items = tree.kind === 'list' ? tree.items : [tree]
  if (items.length === 0) throw place.wrong(tree.line, `${key} is an empty list`, 'leave the key out')
  return items.flatMap((item) => {
    if (item.kind !== 'text') throw place.wrong(item.line, `${key} is a text or a list of texts, not a ${item.kind === 'map' ? 'mapping' : 'list in a list'}`)
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(item.text)) throw place.wrong(item.line, `${key}: "${item.text}" has a control or invisible character`, 'leave it out')
    return item.text.split(',').map((part) => {
      if (part.trim() === '') throw place.wrong(item.line, `${key} is empty`, 'leave the key out')
      return { line: item.line, text: part.trim() }
    })
  })
}

/** @throws UsageError that says which word is no address, CIDR, range or set */
export function addressesIn(words: readonly Word[], key: string, { sets, place }: { sets: Sets, place: Place }): Addresses[] {
  return expanded(words, sets, place).map(({ line, text }) => {
    const parsed = parseAddresses(text)
    if ('fault' in parsed) throw place.wrong(line, `${key}: ${text} ${parsed.fault}`, parsed.hint)
    return parsed
  })
}

/** @throws UsageError that says which word is no port, range of ports or set */
export function portsIn(words: readonly Word[], key: string, { sets, place }: { sets: Sets, place: Place }): Ports[] {
  return expanded(words, sets, place).map(({ line, text }) => {
    const parsed = parsePorts(text)
    if ('fault' in parsed) throw place.wrong(line, `${key}: ${text} ${parsed.fault}`, parsed.hint)
    return parsed
  })
}

/** `80` or `8000-8100`. */
export function parsePorts(text: string): Ports | { fault: string, hint?: string } {
  const [, from = '', to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? []
  if (from === '') return { fault: 'is no port, range of ports or set', hint: '80, 8000-8100, a name from sets:, or service: for a named one' }
  const [first, last] = [Number(from), Number(to)]
  const beyond = [first, last].find((port) => port < 1 || port > 65535)
  if (beyond !== undefined) return { fault: `is beyond the ports, which are 1 to 65535` }
  return first > last ? { fault: 'ends before it begins', hint: `${last}-${first}` } : { first, last }
}

/** Each set's name replaced by what is in it. What is no set stays. */
function expanded(words: readonly Word[], sets: Sets, place: Place, within: readonly string[] = []): Word[] {
  return words.flatMap((word) => {
    const set = sets.get(word.text)
    if (!set) return [word]
    if (within.includes(word.text)) throw place.wrong(word.line, `the set ${word.text} is in itself: ${[...within, word.text].join(' > ')}`)
    return expanded(set, sets, place, [...within, word.text])
  })
}
