import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { escapeControl } from './escape.js'
import { useColor } from './streams.js'

export interface Compared {
  /** what each side is called */
  from: string
  to: string
  before: string
  after: string
}

/** What differs between two texts as a unified diff with three lines around each change; '' when they are the same. */
export function unifiedDiff({ from, to, before, after }: Compared): string {
  if (before === after) return ''
  return createTwoFilesPatch(from, to, ended(before), ended(after), '', '', { context: 3, headerOptions: FILE_HEADERS_ONLY })
}

/** A diff for a person: what could control the terminal is shown, and the sides are coloured where that stream welcomes it. */
export function diffForPerson(diff: string, stream: { isTTY?: boolean } = process.stdout): string {
  const color = useColor(stream)
  return diff.split('\n').map((line) => color ? coloured(escapeControl(line)) : escapeControl(line)).join('\n')
}

/** A last line that is not ended would be told as a difference. */
function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

const colors: Record<string, number> = { '+': 32, '-': 31, '@': 36 }

function coloured(line: string): string {
  const color = colors[line.charAt(0)]
  return color === undefined ? line : `\x1b[${color}m${line}\x1b[0m`
}
