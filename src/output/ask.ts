import type { createPromptModule } from 'inquirer'
import { BayError, UsageError } from '../errors.js'
import { escapeControl } from './escape.js'
import { isInteractive } from './streams.js'

/** A question with yes or no; without an answer the default, which is no. @throws as `ask`; why `signal` takes it back */
export async function confirm(question: string, options: { default?: boolean, signal?: AbortSignal } = {}): Promise<boolean> {
  return ask(question, async (prompt, message) => {
    const { value } = await prompt<{ value: boolean }>([
      { type: 'confirm', name: 'value', message, default: options.default ?? false },
    ])
    return value
  }, options.signal)
}

/** One of some choices: its value. `start` is the value that the cursor begins on. @throws as `ask` */
export async function choose(question: string, choices: readonly Choice[], { start }: { start?: string } = {}): Promise<string> {
  return ask(question, async (prompt, message) => {
    const { value } = await prompt<{ value: string }>([{
      type: 'select', name: 'value', message, default: start,
      choices: choices.map(({ value, label }) => ({ value, name: escapeControl(label ?? value) })),
    }])
    return value
  })
}

/** A line of text; `check` returns what is wrong with it, or nothing. @throws as `ask` */
export async function input(question: string, options: InputOptions = {}): Promise<string> {
  const { check } = options
  return ask(question, async (prompt, message) => {
    const { value } = await prompt<{ value: string }>([{
      type: 'input', name: 'value', message, default: options.default,
      validate: async (text: string) => await check?.(text) ?? true,
    }])
    return value
  })
}

export interface Choice {
  value: string
  /** What is shown; by default the value. */
  label?: string
}

export interface InputOptions {
  default?: string
  check?: (text: string) => string | undefined | Promise<string | undefined>
}

type Prompt = ReturnType<typeof createPromptModule>

/**
 * Asks on stderr, where the result does not go. inquirer takes long to load: only a question loads it.
 * @throws UsageError when there is no terminal to ask on; BayError interrupted on Ctrl-C or the end of input.
 */
async function ask<Answer>(
  question: string, put: (prompt: Prompt, message: string) => Promise<Answer>, takenBack?: AbortSignal,
): Promise<Answer> {
  if (!isInteractive()) throw new UsageError(`cannot ask without a terminal: ${question}`)
  const inquirer = await import('inquirer')
  const ended = new AbortController()
  const stopListening = onEndOfInput(() => ended.abort())
  const signal = takenBack ? AbortSignal.any([ended.signal, takenBack]) : ended.signal
  try {
    return await put(inquirer.createPromptModule({ output: process.stderr, signal }), escapeControl(question))
  } catch (error) {
    takenBack?.throwIfAborted()
    if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) {
      throw new BayError('interrupted', 'interrupted', { cause: error })
    }
    throw error
  } finally {
    stopListening()
  }
}

/** Ctrl-D or a closed stdin: inquirer would wait for ever, or let the process end with 0 in the middle of its work. */
function onEndOfInput(tell: () => void): () => void {
  const onKey = (_text: string | undefined, key: { name?: string, ctrl?: boolean }): void => {
    if (key.ctrl && key.name === 'd') tell()
  }
  process.stdin.on('keypress', onKey).once('end', tell)
  return () => { process.stdin.off('keypress', onKey).off('end', tell) }
}
