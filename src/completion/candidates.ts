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
  /** whether a name that begins with - would be taken for a flag */
  noDash: boolean
  /** what else may stand there, whether the host answers or not */
  also: Candidate[]
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
  return line.command ? argument(manifest, line, line.command) : nextWords(manifest, line)
}

const hosts = ['qemu:///system', 'qemu:///session', 'sandbox', 'test:///default']
/** What is known of the values of flags that also take others. */
const valuesOfFlags: Record<string, readonly string[]> = { connect: hosts, for: conditionWords, wait: [...conditionWords, 'none'] }
/** By what the help calls the value: `--filter` is a filter in one command, and a condition in another. */
const kindsOfValues: Record<string, CompletedKind> = { 'NET': 'net', 'POOL': 'pool', 'POOL/NAME': 'vol', 'FILTER': 'filter', 'IMAGE': 'image' }

function flagValues({ uri }: Line, { name, options, helpValue = '' }: FlagEntry, before: string): Candidate[] | NamesWanted {
  const forms = helpValue.split('|')
  // In capitals stands what is to be replaced; `user` of NET|bridge=BR|user is typed as it is.
  const known = valuesOfFlags[name] ?? options ?? forms.filter((form) => forms.length > 1 && /^[a-z][a-z-]*$/.test(form))
  const values = known.map((value) => ({ value: `${before}${value}`, about: '' }))
  const kind = forms.map((form) => kindsOfValues[form]).find((found) => found !== undefined)
  return kind ? { kind, uri, before, taken: [], noDash: before === '', also: values } : values
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

const kindsOfArgs: Record<string, CompletedKind> = { vm: 'vm', who: 'vm', backup: 'vm', pool: 'pool', volume: 'vol', disc: 'vol' }
/** Of what an argument called `name` is the name, by the first word of the command. */
const kindsOfTopics: Record<string, CompletedKind> = {
  vm: 'vm', net: 'net', pool: 'pool', vol: 'vol', filter: 'filter', image: 'image',
  snapshot: 'vm', backup: 'vm', history: 'vm', undo: 'vm', events: 'vm',
}

/** Verbs whose name is of what does not exist yet. */
const makers = new Set(['create', 'add'])

function argument(manifest: Manifest, line: Line, command: NonNullable<Line['command']>): Candidate[] | NamesWanted {
  const { path: [topic = '', verb = ''], args, uri } = line
  // `vm detach` takes a machine, or goes on with `cdrom`.
  const also = args.length === 0 ? nextWords(manifest, line) : []
  const entries = Object.values(command.args)
  const entry = entries[args.length] ?? entries.find(({ multiple }) => multiple)
  if (!entry) return also
  if (entry.options) return entry.options.map((value) => ({ value, about: '' }))
  const kind = entry.name === 'name' ? kindsOfTopics[topic] : kindsOfArgs[entry.name]
  if (!kind || (entry.name === 'name' && kind === topic && makers.has(verb))) return also
  return { kind, uri, before: '', taken: entry.multiple ? args : [], noDash: !line.literal, also }
}
