import { distance } from 'fastest-levenshtein'
import { BayError, UsageError } from './errors.js'

export type NamedKind = 'vm' | 'net' | 'pool' | 'vol' | 'filter' | 'snapshot' | 'image' | 'bridge'

/**
 * The name, when an object that we create may have it: letters, digits and `_ . + -` of ASCII, beginning with a letter,
 * a digit or `_`. Stricter than libvirt, which takes `--help`, `12`, `$(id)` and U+202E: such a name cannot be typed,
 * is mistaken for an id or an option, or reads as another. Objects that exist already are never checked.
 * @throws UsageError that says what is wrong with it and what is allowed.
 */
export function checkName(kind: keyof typeof words, name: string): string {
  const longest = kind === 'vol' ? 128 : 64
  const fault = nameFault(name, longest)
  if (fault) throw new UsageError(`${words[kind]} name ${quote(name)} ${fault}`, allowed(longest, '_ . + -'))
  return name
}

/**
 * The name, when Linux takes it for a bridge, or another device: as `checkName`, at most 15 characters (the kernel's limit), no
 * `+`.
 * @throws UsageError
 */
export function checkBridgeName(name: string, what: 'bridge' | 'device' = 'bridge'): string {
  const fault = nameFault(name, 15)
    ?? (name.includes('+') ? 'has the character "+"' : undefined)
    ?? (reservedInterfaces.has(name) ? 'is reserved by the system' : undefined)
  if (fault) throw new UsageError(`${what} name ${quote(name)} ${fault}`, allowed(15, '_ . -'))
  return name
}

/**
 * The requested names with each glob (`*`, `?`, `[abc]`, `[!a-z]`) replaced by the available names that it matches,
 * in the order given and each once. A plain name stays, whether it is available or not: its look-up will tell.
 * A glob that is itself the name of an object means that object.
 * @throws BayError not-found for a glob that matches nothing.
 */
export function expandNames(requested: readonly string[], available: readonly string[], kind: NamedKind): string[] {
  const known = new Set(available)
  const names = requested.flatMap((text) => {
    if (!isGlob(text) || known.has(text)) return [text]
    const glob = compileGlob(text)
    const matches = available.filter((name) => matchesGlob(glob, name))
    if (matches.length === 0) throw noMatch(text, kind, available.length)
    return matches
  })
  return [...new Set(names)]
}

/** Whether the text has a `*`, a `?` or a closed `[…]`. */
export function isGlob(text: string): boolean {
  return /[*?]|\[[^\]]+\]/.test(text)
}

/** Whether a glob, or a plain name, means that name. */
export function fitsGlob(text: string, name: string): boolean {
  return isGlob(text) ? matchesGlob(compileGlob(text), name) : text === name
}

/** At most three of the available names that are near the wrong one, the nearest first: for "did you mean". */
export function suggest(name: string, available: readonly string[]): string[] {
  const wanted = name.toLowerCase()
  // Two swapped letters are a distance of 2.
  const limit = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3))
  return available
    .map((candidate) => ({ candidate, score: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ score }) => score <= limit)
    .sort((a, b) => a.score - b.score || sharedStart(wanted, b.candidate) - sharedStart(wanted, a.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** How many letters both begin with: the mistake is seldom at the start. */
function sharedStart(wanted: string, candidate: string): number {
  const lower = candidate.toLowerCase()
  let count = 0
  while (count < wanted.length && wanted[count] === lower[count]) count += 1
  return count
}

const words = {
  vm: 'machine', net: 'network', pool: 'pool', vol: 'volume', filter: 'filter', snapshot: 'snapshot', image: 'image', bridge: 'bridge', lock: 'lock',
} as const satisfies Record<NamedKind, string> & { lock: string }

/** What the kernel keeps for itself under /proc/sys/net, and the loopback. */
const reservedInterfaces = new Set(['all', 'default', 'lo'])

/** What is wrong with a name, as the end of a sentence; undefined when nothing is. */
function nameFault(name: string, longest: number): string | undefined {
  if (name === '') return 'is empty'
  if (name.trim() === '') return 'has only blanks'
  const character = /[^A-Za-z0-9_.+-]/u.exec(name)?.[0]
  if (character !== undefined) return `has ${describe(character)}`
  if (!/^[A-Za-z0-9_]/.test(name)) return `begins with "${name.charAt(0)}"`
  if (/^\d+$/.test(name)) return 'has only digits and would be taken for an id'
  if (uuidShape.test(name)) return 'has the form of a UUID'
  if (name.length > longest) return `is too long (${name.length} characters)`
  return undefined
}

/** libvirt reads a UUID with its hyphens anywhere or left out. */
const uuidShape = /^(?:[0-9a-f]-?){31}[0-9a-f]$/i

function describe(character: string): string {
  if (character === ' ') return 'a blank'
  if (/^[\x21-\x7e]$/.test(character)) return `the character "${character}"`
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const hidden = /^(?:\p{C}|\p{Z})$/u.test(character)
  return `a ${hidden ? 'control or invisible character' : 'character that is not ASCII'} (U+${code})`
}

function allowed(longest: number, signs: string): string {
  return `use 1 to ${longest} of A-Z a-z 0-9 ${signs} and begin with a letter, a digit or _, for example web-1`
}

function quote(name: string): string {
  return `"${name.length > 40 ? `${name.slice(0, 40)}…` : name}"`
}

function noMatch(glob: string, kind: NamedKind, count: number): BayError {
  const hint = count === 0 ? `there are none: bay ${kind} list` : `see what there is: bay ${kind} list`
  return new BayError('not-found', `no ${words[kind]} matches "${glob}"`, { hints: [hint] })
}

/** One step of a glob: any run of characters, or one character that passes. */
type GlobStep = 'run' | ((character: string) => boolean)

function compileGlob(text: string): GlobStep[] {
  const tokens = text.match(/\*+|\[!?[^\]]+\]|[^]/gu) ?? []
  return tokens.map((token) => {
    if (token.startsWith('*')) return 'run'
    if (token === '?') return () => true
    return token.length > 1 && token.startsWith('[') ? inSet(token) : (character) => character === token
  })
}

/** `[abc]`, `[a-z]`, `[!abc]`. */
function inSet(token: string): (character: string) => boolean {
  const negated = token.startsWith('[!')
  const members = token.slice(negated ? 2 : 1, -1).match(/[^]-[^]|[^]/gu) ?? []
  const has = (character: string): boolean => members.some((member) => {
    const [from = '', dash, to = from] = [...member]
    return dash === '-' ? character >= from && character <= to : character === from
  })
  return (character) => has(character) !== negated
}

/** Linear in practice, with one place to fall back to: a pattern of many stars must not stall (no regular expression). */
function matchesGlob(steps: readonly GlobStep[], name: string): boolean {
  const characters = [...name]
  let step = 0
  let at = 0
  let retry: { step: number, at: number } | undefined
  while (at < characters.length) {
    const current = steps[step]
    const character = characters[at] ?? ''
    if (current === 'run') {
      retry = { step, at }
      step += 1
    } else if (current?.(character)) {
      step += 1
      at += 1
    } else if (retry) {
      retry.at += 1
      step = retry.step + 1
      at = retry.at
    } else {
      return false
    }
  }
  return steps.slice(step).every((rest) => rest === 'run')
}
