import { Command } from '@oclif/core/command'
import type { Interfaces } from '@oclif/core'
import { BayError, exitCodes, UsageError, type ErrorCode } from './errors.js'
import { exitThrough } from './exit.js'
import { globalFlags } from './flags.js'
import { renderDetails, type Field } from './output/details.js'
import { escapeControl, escapeLines } from './output/escape.js'
import { renderList, type Format, type ListOptions } from './output/format.js'
import { toJson, toYaml } from './output/serialize.js'
import { isInteractive, outWidth, writeErr, writeOut } from './output/streams.js'
import type { Column } from './output/table.js'
import type { Connection } from './virt/connection.js'
import type { Host } from './virt/ops/host.js'
import { asTyped } from './untyped-flags.js'
import type { Within } from './within.js'

type FlagsOf<C extends typeof Command> = Interfaces.InferredFlags<typeof globalFlags & C['flags']>
type ArgsOf<C extends typeof Command> = Interfaces.InferredArgs<C['args']>

/** The flags of lists and of changes, where a command has them. */
interface CommonFlags {
  'columns'?: string[]
  'sort'?: string
  'filter'?: string[]
  'no-headers'?: boolean
  'dry-run'?: boolean
  'timeout'?: number
}

/** What every command shares: its connection, its output, its questions. How errors end is in main.ts. */
export abstract class BaseCommand<C extends typeof Command> extends Command {
  static override baseFlags = globalFlags

  /** the batch in which it runs, if any */
  within: Within | undefined
  protected flags!: FlagsOf<C>
  protected args!: ArgsOf<C>
  /** Hosts that were opened, to be given up at the end whatever happens; the last first. */
  readonly #hosts: Host[] = []
  #changing: Promise<Connection> | undefined
  #lock: Disposable | null = null

  /** Runs it from its beginning to its end. */
  async execute(): Promise<unknown> {
    try {
      await this.init()
      this.#lock = await this.#lockRun()
      return await this.run()
    } catch (error) {
      return await this.catch(error as Error)
    } finally {
      // Until the host is given up: what is kept of the embedded one is written then.
      using _lock = this.#lock
      await this.finally()
    }
  }

  override async init(): Promise<void> {
    const { flags, args } = await this.parse(asTyped(this.ctor, this.argv))
    this.flags = flags as FlagsOf<C>
    this.args = args as ArgsOf<C>
    await this.#refuseEmptyUri()
  }

  /** Nothing is printed here: main.ts is the one place where an error becomes an exit code. */
  override async catch(error: Error): Promise<never> {
    // An error of the command line has nothing to do with the host.
    const asked = error instanceof BayError && error.code === 'usage' ? undefined : this.uri ?? undefined
    throw Object.assign(await this.inPlainWords(error), { bayUri: this.#hosts[0]?.uri ?? asked })
  }

  /** The same error; what the host's driver lacks is said in plain words. */
  protected async inPlainWords<E extends Error>(error: E): Promise<E | Error> {
    const [host] = this.#hosts
    return host ? (await import('./virt/ops/sandbox-lacks.js')).plainly(error, host) : error
  }

  override async finally(): Promise<void> {
    for (const host of this.#hosts.splice(0).reverse()) await host[Symbol.asyncDispose]()
  }

  /** The host that was asked for; null leaves the choice to libvirt. */
  protected get uri(): string | null {
    return (this.flags as FlagsOf<C> | undefined)?.connect ?? this.within?.uri ?? (process.env['LIBVIRT_DEFAULT_URI'] || null)
  }

  get dryRun(): boolean {
    return (this.#common['dry-run'] ?? false) || (this.within?.dryRun ?? false)
  }

  protected get format(): Format {
    return this.flags.json || this.within ? 'json' : this.flags.output ?? 'table'
  }

  /** Whether the result is read by a program, so that nothing else may be on stdout. */
  protected get structured(): boolean {
    return ['json', 'yaml', 'csv', 'xml'].includes(this.format)
  }

  /** Whether several connections to the host see the same machines; the embedded host's do not. */
  protected get sharedHost(): boolean {
    return this.#hosts.every((host) => host.shared)
  }

  /** The host, for looking only: read-only connections need fewer rights. */
  protected async look(): Promise<Connection> {
    return (await this.openHost({ readOnly: true })).connection
  }

  /** What `open` gives; null when it was left to libvirt which host is meant, and none answers. */
  protected async hostIfAny(open: () => Promise<Connection>): Promise<Connection | null> {
    if (this.uri !== null) return open()
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof BayError)) throw error
      return null
    }
  }

  /** libvirt lets guest agents be asked only over connections that may write: one more, null where it is not allowed. */
  protected async openForAgents(): Promise<Connection | null> {
    if (!this.sharedHost) return null
    try {
      return (await this.openHost({ readOnly: false })).connection
    } catch (error) {
      if (error instanceof BayError && error.code === 'not-allowed') return null
      throw error
    }
  }

  /** The host, for changes; in a dry run its connection cannot write. */
  protected change(): Promise<Connection> {
    this.#changing ??= this.#openForChange()
    return this.#changing
  }

  async #openForChange(): Promise<Connection> {
    const host = await this.openHost({ readOnly: this.readOnlyChange })
    const tells = host.shared && !this.dryRun
    if (tells && (this.within?.hosts.isUntold(host.uri) ?? true)) await this.#tellOfLeftovers(host.connection.uri())
    return host.connection
  }

  /** libvirt gives domain capabilities only to who may write: a command that needs them in a dry run says no. */
  protected get readOnlyChange(): boolean {
    return this.dryRun
  }

  /** One more connection, to the host that was asked for or to another one. */
  protected async openHost({ readOnly, uri = this.uri }: { readOnly: boolean, uri?: string | null }): Promise<Host> {
    const [{ openHost }, { exitNow }] = await Promise.all([import('./virt/ops/open-host.js'), import('./virt/exit.js')])
    exitThrough(exitNow)
    const options = { readOnly, timeout: connectTimeout() }
    const host = await (this.within ? this.within.hosts.open(uri, options, this) : openHost(uri, options))
    this.#hosts.push(host)
    return host
  }

  /** Prints a list in the form that was asked for, and gives it back as the command's value. */
  protected async showList<Row extends object>(
    rows: readonly Row[], columns: readonly Column<Row>[], more: Pick<ListOptions<Row>, 'nameOf' | 'xmlOf'> = {},
  ): Promise<readonly Row[]> {
    const { columns: names, sort, filter, 'no-headers': noHeaders } = this.#common
    await writeOut(await renderList(rows, columns, {
      format: this.format, columns: names, sort, filters: filter, headers: !noHeaders,
      quiet: this.flags.quiet, width: outWidth(), ...more,
    }))
    return rows
  }

  /** Prints one object: its fields for people, all of it for programs. */
  protected async showObject<Item extends { name: string }>(
    item: Item, fields: readonly Field<Item>[], columns: readonly Column<Item>[], xmlOf: () => string,
  ): Promise<Item> {
    switch (this.format) {
      case 'table': case 'wide': await writeOut(this.flags.quiet ? `${item.name}\n` : renderDetails(item, fields)); break
      case 'json': await writeOut(toJson(item)); break
      case 'yaml': await writeOut(await toYaml(item)); break
      case 'xml': await writeOut(`${xmlOf().trimEnd()}\n`); break
      case 'csv': case 'name': await this.showList([item], columns)
    }
    return item
  }

  /** Prints a value that has no columns, such as a plan. `text` is what people read. */
  protected async showValue<Value>(value: Value, text: string): Promise<Value> {
    if (this.format === 'json') await writeOut(toJson(value))
    else if (this.format === 'yaml') await writeOut(await toYaml(value))
    else if (!this.flags.quiet) await writeOut(text)
    return value
  }

  /** Prints text as it is: XML, a script. */
  protected async showText(text: string): Promise<string> {
    await writeOut(`${text.trimEnd()}\n`)
    return text
  }

  /** Ends the program with this exit code although nothing failed, such as after a report of differences. */
  protected endWith(code: ErrorCode): void {
    process.exitCode = exitCodes[code]
  }

  /** Ends the program as a program in a guest ended, in the way of shells; what is no exit code here is 255. */
  protected endAsGuest(exitCode: number | null, signal: number | null): void {
    const code = exitCode ?? (signal === null ? 255 : 128 + signal)
    process.exitCode = code >= 0 && code <= 255 ? code : 255
  }

  /** Tells people something that is not the result. */
  protected note(text: string): void {
    if (!this.flags.quiet) writeErr(`${escapeLines(text)}\n`)
  }

  /** Tells people what goes wrong while the run goes on, with --quiet too. */
  protected complain(text: string): void {
    writeErr(`bay: ${escapeLines(text)}\n`)
  }

  /** Whether somebody sits there who can be asked. */
  protected get mayAsk(): boolean {
    return !this.flags['no-input'] && !this.within && isInteractive()
  }

  /**
   * Goes on only with a yes: from --yes, or from whoever sits at the terminal.
   * @throws UsageError when nobody can be asked, BayError when the answer is no
   */
  protected async confirm(question: string): Promise<void> {
    if (this.#saysYes || this.dryRun) return
    if (!this.mayAsk) throw new UsageError(`not confirmed: ${question}`, 'add --yes to do it without a question')
    const { confirm } = await import('./output/ask.js')
    if (!await confirm(question)) throw new BayError('failed', 'not confirmed; nothing was changed')
  }

  /** Whether there is a yes, from --yes or from whoever sits at the terminal; in a dry run only the first counts. */
  protected async agreed(question: string): Promise<boolean> {
    if (this.#saysYes) return true
    if (this.dryRun || !this.mayAsk) return false
    const { confirm } = await import('./output/ask.js')
    return await confirm(question)
  }

  /** Runs that were killed leave a journal. Mostly there is none, and nothing more is loaded. */
  async #tellOfLeftovers(uri: string): Promise<void> {
    const { mayHaveJournals } = await import('./virt/ops/journal-paths.js')
    if (!mayHaveJournals()) return
    const left = await (await import('./virt/ops/journal-dead.js')).leftOn(uri)
    if (left.length === 0) return
    const runs = left.map(({ command, name, started }) => `${command} ${name}, ${started}`)
    const who = runs.length === 1 ? 'a run that died' : `${runs.length} runs that died`
    this.note(`bay: ${who} left something behind (${escapeControl(runs.join('; '))}): bay recover`)
  }

  /** What --lock asks for; the lines of a batch may ask for the lock that it has. */
  async #lockRun(): Promise<Disposable | null> {
    const name = this.flags.lock
    if (name === undefined || name === this.within?.lock) return null
    return (await import('./virt/ops/run-lock.js')).lockRun(name, (this.ctor.id ?? '').replaceAll(':', ' '))
  }

  get #saysYes(): boolean {
    return this.flags.yes || (this.within?.yes ?? false)
  }

  get #common(): CommonFlags {
    return this.flags as CommonFlags
  }

  #refuseEmptyUri(): Promise<void> {
    return this.uri === '' ? Promise.reject(new UsageError('--connect has no value', 'give a libvirt URI, such as qemu:///system')) : Promise.resolve()
  }
}

/** Milliseconds to wait for a daemon to accept us: ssh may have to ask for a password, so it can be set. */
function connectTimeout(): number {
  const seconds = Number(process.env['BAY_CONNECT_TIMEOUT'] ?? 10)
  if (!Number.isFinite(seconds) || seconds <= 0) throw new UsageError(`BAY_CONNECT_TIMEOUT is no number of seconds: ${process.env['BAY_CONNECT_TIMEOUT']}`)
  return seconds * 1000
}
