import { UsageError } from './errors.js'
import type { FileValue, Keys } from './machines-file.js'
import { suggest } from './names.js'

/** What must be known of a flag to take its value from a file; oclif's own definitions have it. */
export interface FlagDefinition {
  type: 'boolean' | 'option'
  multiple?: boolean
  allowNo?: boolean
  exclusive?: readonly unknown[]
  dependsOn?: readonly unknown[]
}

export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>

/** Flags as words of a command line, by their names: `disk` is `--disk=20G` and `--disk=1G`. */
export type FlagWords = ReadonlyMap<string, readonly string[]>

/** What oclif's parser tells of a word. */
export type Token = { type: 'flag', flag: string, input: string } | { type: 'arg' }

/** The flags that were typed, from what oclif's parser read. */
export function typedWords(tokens: readonly Token[], known: FlagDefinitions): FlagWords {
  const words = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.type !== 'flag' || !Object.hasOwn(known, token.flag)) continue
    const word = known[token.flag]?.type === 'boolean' ? token.input : `--${token.flag}=${token.input}`
    words.set(token.flag, [...words.get(token.flag) ?? [], word])
  }
  return words
}

/** The same flags out of a file's keys. @throws UsageError for a key that is no flag, and a value that is none of its flag's */
export function wordsOf(keys: Keys, known: FlagDefinitions, where: (line: number) => string): FlagWords {
  return new Map([...keys].map(([key, value]) => {
    const flag = Object.hasOwn(known, key) ? known[key] : undefined
    if (flag) return [key, wordsOfKey(key, value, flag, where(value.line))]
    throw unknownKey(key, Object.keys(known), where(value.line))
  }))
}

/**
 * What `own` says, over what `base` says: a flag replaces the same flag and those that exclude it, and what depends on such
 * a one goes with it: `iso` in `own` takes away `image` and `linked` of `base`.
 */
export function overlaid(base: FlagWords, own: FlagWords, known: FlagDefinitions): FlagWords {
  // `linked: false` takes away, and excludes nothing.
  const said = [...own].flatMap(([name, words]) => words.length > 0 ? [name] : [])
  const isExcluded = (other: string) => said.some((name) => exclude(known, name, other) || exclude(known, other, name))
  const excluded = new Set([...base.keys()].filter(isExcluded))
  const goesToo = (name: string) => known[name]?.dependsOn?.some((other) => typeof other === 'string' && excluded.has(other)) === true
  const stays = (name: string) => !own.has(name) && !excluded.has(name) && !goesToo(name)
  return new Map([...[...base].filter(([name]) => stays(name)), ...own])
}

function exclude(known: FlagDefinitions, name: string, other: string): boolean {
  return name !== other && known[name]?.exclusive?.includes(other) === true
}

function wordsOfKey(key: string, { texts, list }: FileValue, flag: FlagDefinition, where: string): string[] {
  const [text = ''] = texts
  if (flag.type === 'boolean') {
    if (list) throw new UsageError(`${where}${key} is true or false, not a list`)
    if (text !== 'true' && text !== 'false') throw new UsageError(`${where}${key} is true or false, not "${text}"`)
    if (text === 'true') return [`--${key}`]
    return flag.allowNo ? [`--no-${key}`] : []
  }
  if (list && !flag.multiple) throw new UsageError(`${where}${key} has one value, not a list`)
  return texts.map((each) => `--${key}=${each}`)
}

function unknownKey(key: string, known: readonly string[], where: string): UsageError {
  if (/^(password|passwd|password-hash|product-key)$/.test(key)) {
    const file = `${key === 'product-key' ? key : 'password'}-file`
    return new UsageError(`${where}${key}: a secret does not stand in this file`, `${file}: FILE, which only its owner can read`)
  }
  const hints = suggest(key, known).map((each) => `did you mean ${each}?`)
  return new UsageError(`${where}unknown key "${key}"`, ...hints, `keys: name, ${known.join(', ')}`)
}
