import { UsageError } from '../errors.js'
import { suggest } from '../names.js'
import { parseSize } from '../units.js'

/** Takes what was read from a file and gives it back with its type; `where` names its place, such as `web.yaml: disks[0].size`. */
export type Check<T> = (value: unknown, where: string) => T

/** A check for each key. */
export type Checks<T> = { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> }

/** A mapping with these keys and no others, each of them optional. */
export function mapping<T extends object>(checks: Checks<T>, words: { a: string }): Check<Partial<T>> {
  return (value, where) => {
    if (!isMapping(value)) throw wrong(where, `must be ${words.a}: lines of KEY: VALUE`, value)
    const known = Object.keys(checks)
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) throw unknownKey(key, known, where, words.a)
    }
    const found: Partial<T> = {}
    for (const key in checks) {
      if (Object.hasOwn(value, key)) found[key] = checks[key](value[key], place(where, key))
    }
    return found
  }
}

/** A list of 1 to `most` entries. */
export function listOf<T>(check: Check<T>, { most }: { most: number }): Check<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw wrong(where, 'must be a list: lines of - ENTRY', value)
    if (value.length === 0) throw new UsageError(`${where} is an empty list`, 'leave the key out')
    if (value.length > most) throw new UsageError(`${where} has ${value.length} entries, more than ${most}`)
    return value.map((each: unknown, index) => check(each, `${where}[${index}]`))
  }
}

export function oneOf<const T extends string>(allowed: readonly T[]): Check<T> {
  return (value, where) => {
    const found = allowed.find((each) => each === value)
    if (found !== undefined) return found
    const near = typeof value === 'string' ? suggest(value, allowed).map((each) => `did you mean ${each}?`) : []
    throw wrong(where, `is one of ${allowed.join(', ')}`, value, ...near)
  }
}

export const flag: Check<boolean> = (value, where) => {
  if (typeof value === 'boolean') return value
  // YAML 1.1 took these for booleans, and many files are written so.
  const hint = typeof value === 'string' && /^(yes|on|no|off)$/i.test(value) ? [`write ${/^(yes|on)$/i.test(value)}`] : []
  throw wrong(where, 'is true or false', value, ...hint)
}

export function wholeNumber({ min, max }: { min: number, max: number }): Check<number> {
  return (value, where) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    throw wrong(where, `is a whole number from ${min} to ${max}`, value)
  }
}

/** A size with its unit, such as `20G`, in bytes, rounded up to whole `step`s. */
export function sizeWithin({ min, max, step, range }: { min: number, max: number, step: number, range: string }): Check<number> {
  return (value, where) => {
    if (typeof value !== 'string' && typeof value !== 'number') throw wrong(where, 'is a size, such as 512M or 20G', value)
    const bytes = parseSize(String(value), where)
    if (bytes < min || bytes > max) throw new UsageError(`${where} is ${range}, not ${value}`)
    return Math.ceil(bytes / step) * step
  }
}

/** A text of one line, or of several. */
export function textOf({ most, lines = false }: { most: number, lines?: boolean }): Check<string> {
  return (value, where) => {
    if (typeof value !== 'string') throw wrong(where, 'is a text', value, ...typeof value === 'object' ? [] : ['put it in quotes'])
    if (value.trim() === '') throw new UsageError(`${where} is empty`, 'leave the key out')
    if (value.length > most) throw new UsageError(`${where} has ${value.length} characters, more than ${most}`)
    const allowed = lines ? /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u.test(value.replaceAll(/[\t\n]/g, '')) : !/[\p{C}\u2028\u2029]/u.test(value)
    if (!allowed) throw new UsageError(`${where} has a control or invisible character`)
    return value
  }
}

/** A text of one line that has this form. */
export function textLike(pattern: RegExp, words: { is: string, such: string }, most = 128): Check<string> {
  const text = textOf({ most })
  return (value, where) => {
    const found = text(value, where)
    if (!pattern.test(found)) throw wrong(where, `is ${words.is}`, value, `such as ${words.such}`)
    return found
  }
}

/** `web.yaml: disks[0].size`: the file stands before the colon, the keys after it. */
function place(where: string, key: string): string {
  return where.includes(': ') ? `${where}.${key}` : `${where}: ${key}`
}

function unknownKey(key: string, known: readonly string[], where: string, what: string): UsageError {
  const near = suggest(key, known).map((each) => `did you mean ${each}?`)
  return new UsageError(`${where} has the unknown key "${shown(key)}"`, ...near, `the keys of ${what}: ${known.join(', ')}`)
}

function wrong(where: string, must: string, value: unknown, ...hints: string[]): UsageError {
  return new UsageError(`${where} ${must}, not ${kindOf(value)}`, ...hints)
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `"${shown(value)}"`
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : 'a mapping'
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
