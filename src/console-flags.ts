import * as Flags from '@oclif/core/flags'
import { readFileSync } from 'node:fs'
import { UsageError } from './errors.js'
import type { Token } from './machine-flags.js'
import { durationFlag } from './flags.js'
import type { ConsoleStep } from './virt/ops/console-steps.js'

const step = { multiple: true, multipleNonGreedy: true } as const

export const consoleFlags = {
  'until': Flags.string({ ...step, helpValue: 'REGEX', description: 'wait until the console shows this; repeatable, in order with --send' }),
  'send': Flags.string({ ...step, helpValue: 'TEXT', description: 'type this; \\n \\r \\t \\e \\\\ \\xHH mean what they do in C; repeatable' }),
  'send-file': Flags.string({ ...step, helpValue: 'FILE', description: 'type what is in this file, such as a password; repeatable' }),
  'timeout': durationFlag({ helpValue: 'TIME', description: 'how long to listen; with --until exit code 124 when that has not come' }),
  'plain': Flags.boolean({ description: 'show escaped what could control the terminal' }),
  'force': Flags.boolean({ description: 'take the console away from whoever has it' }),
}

/** The steps in the order in which they were typed. @throws UsageError for what is no pattern or no escape, or cannot be read */
export function consoleSteps(tokens: readonly Token[]): ConsoleStep[] {
  return tokens.flatMap((token): ConsoleStep[] => {
    if (token.type !== 'flag') return []
    if (token.flag === 'until') return [{ until: pattern(token.input) }]
    if (token.flag === 'send') return [{ send: unescaped(token.input) }]
    return token.flag === 'send-file' ? [{ send: contentOf(token.input) }] : []
  })
}

function pattern(text: string): RegExp {
  if (text === '') throw new UsageError('--until is empty', 'say what is waited for, such as --until login:')
  try {
    return new RegExp(text, 'm')
  } catch (error) {
    throw new UsageError(`--until ${JSON.stringify(text)} is no regular expression: ${error instanceof Error ? error.message : ''}`)
  }
}

const escapes: Record<string, string> = { 'n': '\n', 'r': '\r', 't': '\t', 'e': '\u001b', '\\': '\\' }

function unescaped(text: string): Buffer {
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\[^]|\\$)/)
  return Buffer.concat(parts.map((part, at) => {
    if (at % 2 === 0) return Buffer.from(part)
    if (part.startsWith('\\x') && part.length === 4) return Buffer.from([Number.parseInt(part.slice(2), 16)])
    const character = escapes[part.slice(1)]
    if (character === undefined) throw new UsageError(`--send: ${part} means nothing`, 'write \\n, \\r, \\t, \\e, \\xHH, or \\\\ for a backslash')
    return Buffer.from(character)
  }))
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`--send-file ${path}: ${error instanceof Error ? error.message : 'it cannot be read'}`)
  }
}
