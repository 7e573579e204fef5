import type { FlagWords } from '../machine-flags.js'
import { shellWord } from '../shell.js'

interface Line { connect: string | undefined, name: string, words: FlagWords }

/** The command line that does the same without a question, for a shell. */
export function equalLine(command: string, { connect, name, words }: Line): string {
  const host = connect === undefined ? '' : `-c ${shellWord(connect)} `
  return [`bay ${host}${command} ${shellWord(name)}`, ...[...words.values()].flat().map(flagText)].join(' ')
}

/** `--disk=20G` is typed as `--disk 20G`, unless the value would be taken for a flag. */
function flagText(word: string): string {
  const [, flag, value] = /^(--[a-z0-9-]+)=([^]*)$/.exec(word) ?? []
  if (flag === undefined || value === undefined) return word
  return `${flag}${value.startsWith('-') ? '=' : ' '}${shellWord(value)}`
}
