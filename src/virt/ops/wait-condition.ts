import { UsageError } from '../../errors.js'

/** The conditions that are a word; `port:N` comes with its number. */
export const conditionWords = ['running', 'off', 'paused', 'ip', 'agent', 'cloud-init', 'installed'] as const

/** What can be waited for. `text` is how it was written: `ip`, `port:22`. */
export type Condition
  = { kind: typeof conditionWords[number], text: string }
    | { kind: 'port', port: number, text: string }

/** What a flag may say, for help and errors. */
export const conditionChoice = [...conditionWords, 'port:N'].join('|')

/**
 * The conditions of a command line, each once.
 * @throws UsageError when one is none, or when two cannot be true of one machine
 */
export function parseConditions(texts: readonly string[], flag: string): Condition[] {
  const conditions = [...new Set(texts)].map((text) => parseCondition(text, flag))
  const alone = conditions.find(({ kind }) => kind === 'off' || kind === 'paused')
  if (alone && conditions.length > 1) {
    const others = conditions.filter((each) => each !== alone).map(({ text }) => text)
    throw new UsageError(`${flag} ${alone.text}: a machine that is ${alone.text} cannot also be waited for with ${others.join(', ')}`)
  }
  return conditions
}

/** The flags of `vm wait` for them. */
export function flagsOf(conditions: readonly Condition[]): string[] {
  return conditions.flatMap(({ text }) => ['--for', text])
}

function parseCondition(text: string, flag: string): Condition {
  const kind = conditionWords.find((word) => word === text)
  if (kind) return { kind, text }
  const [, digits] = /^port:([1-9][0-9]*)$/.exec(text) ?? []
  const port = Number(digits)
  if (digits !== undefined && port <= 65_535) return { kind: 'port', port, text }
  if (text.startsWith('port')) throw new UsageError(`${flag} "${text}": write port:N, with a number from 1 to 65535`, `${flag} port:22`)
  throw new UsageError(`${flag} "${text}" is nothing to wait for`, `${flag} ${conditionChoice}`)
}

/** Whether it can only come true while the machine is on: when it goes off, waiting on would be in vain. */
export function needsOn({ kind }: Condition): boolean {
  return kind === 'ip' || kind === 'agent' || kind === 'cloud-init' || kind === 'port'
}
