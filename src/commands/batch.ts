import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { failedOf } from '../action-summary.js'
import { BaseCommand } from '../base.js'
import { checkLine, EndedBy, readLine, runLine, type Line, type TextLine } from '../batch.js'
import { BayError } from '../errors.js'
import { changeFlags } from '../flags.js'
import { inputLines } from '../input-file.js'
import { toJsonLine } from '../output/serialize.js'
import { PrintedTogether } from '../output/printed-together.js'
import { SharedHosts } from '../shared-hosts.js'
import { interruptible } from '../virt/ops/interrupt.js'

interface Ended { done: number, failures: BayError[] }

export default class Batch extends BaseCommand<typeof Batch> {
  static override summary = 'Run the commands of a file or of standard input over one connection'
  static override description = 'A command a line, as it would be typed after bay: words in \'…\' or "…" stay together, # begins a remark, and there is no shell. '
    + 'Each line gives one line of JSON: {line, command, exitCode, result, error}. Nobody is asked. The first line that fails ends it, with that '
    + 'line\'s exit code; with --keep-going all are run, and 7 says that some failed. The lines of a file are all read before the first is run.'

  static override examples = [
    '<%= config.bin %> batch commands.txt',
    'printf "vm start %s\\n" web-1 web-2 | <%= config.bin %> batch -c qemu:///system --keep-going',
    '<%= config.bin %> batch commands.txt --dry-run',
  ]

  static override args = { file: Args.string({ ignoreStdin: true, default: '-', description: 'the file; - for standard input' }) }
  static override flags = {
    ...changeFlags,
    'keep-going': Flags.boolean({ description: 'run the lines after one that failed too' }),
  }

  async run(): Promise<{ done: number, failed: number }> {
    const ended: Ended = { done: 0, failures: [] }
    await using hosts = new SharedHosts()
    return await interruptible((signal) => this.#runLines(hosts, ended, signal), (how) => ({ message: `${how}; what was done stays` }))
  }

  /** A signal is heard between two lines too, so that the embedded host keeps what those before it did. */
  async #runLines(hosts: SharedHosts, ended: Ended, signal: AbortSignal): Promise<{ done: number, failed: number }> {
    const within = { hosts, uri: this.uri, yes: this.flags.yes, dryRun: this.dryRun, lock: this.flags.lock }
    const unlessEnded = new EndedBy(signal)
    await using printed = new PrintedTogether()
    for await (const lines of await this.#lines(this.args.file, signal)) {
      for (const each of lines) {
        const line = readLine(each)
        if (line === null) continue
        signal.throwIfAborted()
        const { result, error } = await unlessEnded.wait(runLine(line, within))
        if (!this.flags.quiet || result.exitCode !== 0) await printed.add(toJsonLine(result))
        ended.done += 1
        if (error) ended.failures.push(error)
        else if (result.exitCode !== 0) this.endWith('differences')
        if (error && !this.#goesOnAfter(error)) throw stoppedAt(line, error)
      }
      await printed.flush()
    }
    if (ended.failures.length > 0) throw failedOf(ended.failures, ended.done)
    return { done: ended.done, failed: 0 }
  }

  /** Lines that come from a program are run as they come; those of a file once all could be read. */
  async #lines(file: string, signal: AbortSignal): Promise<AsyncIterable<TextLine[]> | TextLine[][]> {
    const groups = numbered(inputLines(file, signal))
    if (file === '-') return groups
    const all: TextLine[] = []
    for await (const lines of groups) all.push(...lines)
    for (const line of all.flatMap((each) => readLine(each) ?? [])) checkLine(line)
    return [all]
  }

  #goesOnAfter({ code }: BayError): boolean {
    return this.flags['keep-going'] && code !== 'interrupted' && code !== 'terminated'
  }
}

function stoppedAt({ number }: Line, { code, message, hints, retryable }: BayError): BayError {
  return new BayError(code, `line ${number}: ${message}; no line after it was run`, { hints, retryable })
}

async function* numbered(groups: AsyncIterable<string[]>): AsyncIterable<TextLine[]> {
  let number = 0
  for await (const texts of groups) yield texts.map((text) => ({ number: number += 1, text }))
}
