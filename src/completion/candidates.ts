import type { NamedKind } from '../names.js'
import { conditionWords } from '../virt/ops/wait-condition.js'
import { readLine, type Line } from './line.js'
import type { FlagEntry, Manifest } from './manifest.js'

export interface Candidate {
  value: string
  /** a few words that zsh and fish show beside it */
  about: string
}

/** The names of objects on the host, which somebody must ask for. */
export interface NamesWanted {
  kind: CompletedKind
  uri: string | null
  /** what stands before the name in the same word, such as `--network=` */
  before: string
  /** names that the line has already */
  taken: string[]
}

type CompletedKind = Exclude<NamedKind, 'snapshot' | 'bridge'>

/** What may stand where the cursor is: words that are known, or names of objects. The last of the words is what was typed of it. */
export function candidates(manifest: Manifest, words: readonly string[]): Candidate[] | NamesWanted {
  const line = readLine(manifest, words.slice(0, -1))
  const typed = words.at(-1) ?? ''
  if (line.pending) return flagValues(line, line.pending, '')
  const [, before, name] = /^(--([^=]+)=)/.exec(typed) ?? []
  const flag = name === undefined ? undefined : line.flags[name]
  if (flag && before !== undefined && !line.literal) return flagValues(line, flag, before)
  if (typed.startsWith('-') && !line.literal) return Object.values(line.flags).filter(({ hidden }) => !hidden).flatMap(flagNames).concat(help)
  return line.command ? argument(line, line.command) : nextWords(manifest, line)
}

const hosts = ['qemu:///system', 'qemu:///session', 'sandbox', 'test:///default']
/** What is known of the values of flags that also take others. */
const valuesOfFlags: Record<string, readonly string[]> = { connect: hosts, for: conditionWords, wait: [...conditionWords, 'none'] }
const kindsOfFlags: Record<string, CompletedKind> = { network: 'net', pool: 'pool' }

function flagValues({ uri }: Line, { name, options }: FlagEntry, before: string): Candidate[] | NamesWanted {
  const kind = kindsOfFlags[name]
  if (kind) return { kind, uri, before, taken: [] }
  return (valuesOfFlags[name] ?? options ?? []).map((value) => ({ value: `${before}${value}`, about: '' }))
}

/** oclif answers it by itself, so that the manifest does not have it. */
const help = { value: '--help', about: 'what the command does and takes' }

function flagNames({ name, char, description = '', allowNo }: FlagEntry): Candidate[] {
  const names = [`--${name}`, ...char === undefined ? [] : [`-${char}`], ...allowNo ? [`--no-${name}`] : []]
  return names.map((value) => ({ value, about: description }))
}

function nextWords({ commands }: Manifest, { path }: Line): Candidate[] {
  const words = new Map<string, string>()
  for (const [id, { summary = '', hidden }] of Object.entries(commands)) {
    const parts = id.split(':')
    const [next] = parts.slice(path.length)
    if (hidden || next === undefined || path.some((word, at) => word !== parts[at])) continue
    words.set(next, parts.length === path.length + 1 ? summary : words.get(next) ?? '')
  }
  return [...words].map(([value, about]) => ({ value, about }))
}

const kindsOfArgs: Record<string, CompletedKind> = {
  vm: 'vm', machine: 'vm', net: 'net', network: 'net', pool: 'pool', vol: 'vol', volume: 'vol', filter: 'filter', image: 'image',
}

/** Verbs whose name is of what does not exist yet. */
const makers = new Set(['create', 'add'])

/** An argument called `name` is an object of the command's topic; one called `pool`, say, is one of another kind. */
function argument({ path: [topic = '', verb], args, uri }: Line, command: NonNullable<Line['command']>): Candidate[] | NamesWanted {
  const entries = Object.values(command.args)
  const entry = entries[args.length] ?? entries.find(({ multiple }) => multiple)
  if (!entry) return []
  if (entry.options) return entry.options.map((value) => ({ value, about: '' }))
  const kind = kindsOfArgs[entry.name === 'name' ? topic : entry.name]
  if (!kind || (makers.has(verb ?? '') && entry.name === 'name')) return []
  return { kind, uri, before: '', taken: entry.multiple ? args : [] }
}
