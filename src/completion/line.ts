import { globalFlagsOf, type CommandEntry, type FlagEntry, type Manifest } from './manifest.js'

/** What the words before the cursor say. */
export interface Line {
  /** the command, once all its words are there */
  command: CommandEntry | null
  /** words of a command that is not complete yet, such as `vm` */
  path: string[]
  /** the arguments that the command has already */
  args: string[]
  /** flags that may come now, by name */
  flags: Record<string, FlagEntry>
  /** the flag whose value comes next */
  pending: FlagEntry | null
  /** the host that -c named */
  uri: string | null
  /** whether -- was typed, so that nothing more is a flag */
  literal: boolean
}

export function readLine(manifest: Manifest, words: readonly string[]): Line {
  const line: Line = { command: null, path: [], args: [], flags: globalFlagsOf(manifest), pending: null, uri: null, literal: false }
  for (const word of words) {
    if (line.pending) takeValue(line, line.pending, word)
    else if (!line.literal && word === '--') line.literal = true
    else if (!line.literal && word.startsWith('-') && word !== '-') takeFlag(line, word)
    else takeWord(manifest, line, word)
  }
  return line
}

function takeValue(line: Line, flag: FlagEntry, value: string): void {
  if (flag.name === 'connect') line.uri = value
  line.pending = null
}

/** `--name`, `--name=value`, `-n`, `-nvalue`; what is no flag here is left out. */
function takeFlag(line: Line, word: string): void {
  const [, name, char, attached] = /^(?:--([^=]+)|-([^-]))=?(.+)?$/s.exec(word) ?? []
  const flag = Object.values(line.flags).find((each) => name === undefined ? each.char === char : each.name === name)
  if (flag?.type !== 'option') return
  if (attached === undefined) line.pending = flag
  else takeValue(line, flag, attached)
}

function takeWord(manifest: Manifest, line: Line, word: string): void {
  const deeper = manifest.commands[[...line.path, word].join(':')]
  if (deeper && line.args.length === 0) Object.assign(line, { command: deeper, flags: deeper.flags })
  else if (line.command) line.args.push(word)
  if (!line.command || deeper) line.path.push(word)
}
