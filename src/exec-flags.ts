import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { timeoutFlag } from './flags.js'
import { standardInput } from './stdin.js'
import type { GuestCommand } from './virt/ops/agent-exec.js'

/** What `vm exec` takes beside the command itself. */
export const execFlags = {
  stdin: Flags.boolean({ char: 'i', description: 'read standard input to its end and give it to the command' }),
  env: Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'KEY=VALUE',
    description: 'a variable for the command, which then gets no others but PATH; repeatable',
  }),
  raw: Flags.boolean({ description: 'let the output control the terminal' }),
  timeout: timeoutFlag,
}

/** The agent reads ever slower: 0.1 MB within a second and 0.5 MB within 12 where it is emulated, 3 MB in minutes. */
const longestInput = 2 ** 20

/** A Linux guest's usual one: the agent would give a command with variables of its own no PATH at all. */
const usualPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** @throws UsageError for what is no variable, and for input that is too long */
export async function guestCommand(words: readonly string[], flags: { env?: string[], stdin: boolean }): Promise<GuestCommand> {
  const [path = '', ...args] = words
  if (path === '') throw new UsageError('the command is empty', 'name a program: bay vm exec NAME -- uname -a')
  const command = { path, args, env: variables(flags.env ?? []) }
  return flags.stdin ? { ...command, input: await readAll(standardInput()) } : command
}

function variables(env: readonly string[]): string[] {
  for (const each of env) if (!/^[^=]+=/.test(each)) throw new UsageError(`--env "${each}" is no variable`, 'give it as KEY=VALUE')
  return env.length === 0 || env.some((each) => each.startsWith('PATH=')) ? [...env] : [usualPath, ...env]
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length > longestInput) throw new UsageError('the input is longer than 1 MiB, which takes an agent too long', 'copy files by the network: scp, curl')
  }
  return Buffer.concat(chunks)
}
