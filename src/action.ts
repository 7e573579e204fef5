import type { Command } from '@oclif/core/command'
import { BaseCommand } from './base.js'
import { failedOf, stopped } from './action-summary.js'
import { BayError, merged, UsageError } from './errors.js'
import { namesOf } from './find.js'
import { expandNames, isGlob, type NamedKind } from './names.js'
import { errorJson, renderError, type ErrorJson } from './output/failure.js'
import { renderList } from './output/format.js'
import { Progress } from './output/progress.js'
import { toJson, toYaml } from './output/serialize.js'
import { Transfer } from './output/transfer.js'
import { writeErr, writeOut } from './output/streams.js'
import { escapeControl, escapeLines } from './output/escape.js'
import type { Column } from './output/table.js'
import type { Connection } from './virt/connection.js'
import { interruptible } from './virt/ops/interrupt.js'

/** What became of one object. `said` is for people: "started", "already running". The rest goes into the JSON too. */
export interface Outcome {
  changed: boolean
  said: string
  [more: string]: unknown
}

/** The JSON of an action on one object. */
export interface ActionResult {
  action: string
  kind: string
  name: string
  changed: boolean
  dryRun?: true
  error?: ErrorJson
  [more: string]: unknown
}

export interface Action {
  /** the verb, as in the JSON */
  action: string
  kind: NamedKind
  /** the names and globs from the command line */
  names: readonly string[]
  /** all names on the host, for globs and --all; absent for the kinds whose names the host lists by itself */
  available?: (host: Connection) => string[]
}

type Work = (name: string, host: Connection) => Outcome | Promise<Outcome>

/** One of several objects, and what is to be done for it. */
export interface Job<On = Connection> {
  name: string
  work: (host: On, signal: AbortSignal) => Outcome | Promise<Outcome>
}

/** What the work is done on: a connection for each object that is worked on at the same time. */
interface Hosts<On> {
  take: () => On | Promise<On>
  give: (host: On) => void
  parallel: number
}

interface Done { result: ActionResult, error: BayError | undefined }

interface ManyFlags { all?: boolean, parallel?: number }

/** A command that changes objects: one, or many by names and globs, each with its own line and its own result. */
export abstract class ActionCommand<C extends typeof Command> extends BaseCommand<C> {
  #progress: Progress | undefined
  readonly #noted = new Set<string>()

  override async finally(): Promise<void> {
    this.#progress?.end()
    await super.finally()
  }

  /**
   * Does `work` on every object that was named. One failing name does not stop the rest.
   * @throws the error itself when there is one plain name; else BayError `some-failed`, or the code that all have in common
   */
  protected async act(action: Action, work: Work): Promise<ActionResult | ActionResult[]> {
    const { all = false } = this.flags as ManyFlags
    this.#checked(action, all)
    const plain = !all && action.names.length === 1 && !isGlob(action.names[0] ?? '')
    const first = await this.change()
    const { available = lister(action.kind) } = action
    const names = this.#targets(action, all, () => available(first))
    if (plain) return this.#one(action, names[0] ?? '', () => work(names[0] ?? '', first))
    const jobs = names.map((name): Job => ({ name, work: (host) => work(name, host) }))
    const results = await this.#many(action, jobs, this.#connections(first, names.length))
    return this.#endOfMany(results)
  }

  /** The same for what is on this system itself and needs no connection, one at a time. @throws as `act` */
  protected async actHere(
    action: Pick<Action, 'action' | 'kind' | 'names'> & { available: readonly string[] }, work: (name: string) => Outcome | Promise<Outcome>,
  ): Promise<ActionResult | ActionResult[]> {
    const { all = false } = this.flags as ManyFlags
    const names = this.#targets(this.#checked(action, all), all, () => action.available)
    if (!all && action.names.length === 1 && !isGlob(action.names[0] ?? '')) return this.#one(action, names[0] ?? '', () => work(names[0] ?? ''))
    const results = await this.#many<null>(action, names.map((name) => ({ name, work: () => work(name) })), {
      take: () => null, give: () => undefined, parallel: 1,
    })
    return this.#endOfMany(results)
  }

  /** Does `work` on one object that need not exist yet, such as one to be created. */
  protected async actOnOne(action: Omit<Action, 'names' | 'available'>, name: string, work: Work): Promise<ActionResult> {
    const host = await this.change()
    return this.#one(action, name, () => work(name, host))
  }

  /** The same for what is on this system itself. */
  protected async actOnOneHere(
    action: Pick<Action, 'action' | 'kind'>, name: string, work: () => Outcome | Promise<Outcome>,
  ): Promise<ActionResult> {
    return this.#one(action, name, work)
  }

  /**
   * Makes one object as `actOnOne` does, or several, each with its own line and its own result. An interrupt undoes those that
   * are half made and stops the rest; what was made stays.
   * @throws as `act` for many; BayError `interrupted` or `terminated`, `left-behind` when something could not be undone
   */
  protected async actOnNew(
    action: Pick<Action, 'action' | 'kind'>, { many }: { many: boolean }, jobs: readonly Job[],
  ): Promise<ActionResult | ActionResult[]> {
    const [only] = jobs
    if (!many && only) {
      return this.actOnOne(action, only.name, (_, host) => interruptible(async (signal) => only.work(host, signal)))
    }
    const first = await this.change()
    return interruptible(async (signal) => {
      const results = await this.#many(action, jobs, this.#connections(first, jobs.length), signal)
      if (!signal.aborted) return this.#endOfMany(results)
      await this.#showMany(results.map(({ result }) => result))
      throw Object.assign(stopped(signal.reason, results.map(({ error }) => error), jobs.length), { alreadyShown: this.structured })
    })
  }

  /** A note that many objects may give: once is enough. */
  protected noteOnce(text: string): void {
    if (!this.#noted.has(text)) this.note(text)
    this.#noted.add(text)
  }

  /** Tells what is done now; it gives way to what is written after it. */
  protected step(text: string): void {
    this.#progress ??= new Progress({ quiet: this.flags.quiet })
    this.#progress.step(text)
  }

  /** The same for what moves bytes; `as` stands before each step. */
  protected transfer(as: string): Transfer {
    const progress = { step: (text: string) => this.step(`${as}${text}`), note: (text: string) => this.note(text), end: () => undefined }
    return new Transfer({ quiet: this.flags.quiet, progress })
  }

  /** What work that goes step by step tells of one of several objects. */
  protected reportFor(name: string): { step: (text: string) => void, moved: (done: number, total: number) => void } {
    const transfer = this.transfer(`${name}: `)
    return { step: (text) => transfer.step(text), moved: (done, total) => transfer.moved(done, total) }
  }

  protected override note(text: string): void {
    this.#progress?.end()
    super.note(text)
  }

  #checked<A extends Pick<Action, 'kind' | 'names'>>(action: A, all: boolean): A {
    if (all && action.names.length > 0) throw new UsageError('--all and names exclude each other', 'leave one of them out')
    if (!all && action.names.length === 0) throw new UsageError(`no ${action.kind} is named`, 'give names or globs, or --all')
    return action
  }

  #targets({ names, kind }: Pick<Action, 'names' | 'kind'>, all: boolean, available: () => readonly string[]): string[] {
    if (all) return [...available()]
    return names.some(isGlob) ? expandNames(names, available(), kind) : [...new Set(names)]
  }

  async #one(action: Pick<Action, 'action' | 'kind'>, name: string, work: () => Outcome | Promise<Outcome>): Promise<ActionResult> {
    const outcome = await work()
    const result = this.#resultOf(action, name, outcome)
    await this.#say(action.kind, name, outcome)
    if (this.format === 'json') await writeOut(toJson(result))
    if (this.format === 'yaml') await writeOut(await toYaml(result))
    if (this.format === 'csv' || this.format === 'name') await this.#showMany([result])
    return result
  }

  async #endOfMany(results: readonly Done[]): Promise<ActionResult[]> {
    await this.#showMany(results.map(({ result }) => result))
    const failures = results.flatMap(({ error }) => error === undefined ? [] : [error])
    if (failures.length > 0) throw Object.assign(failedOf(failures, results.length), { alreadyShown: this.structured })
    return results.map(({ result }) => result)
  }

  /** Nothing more is begun once the signal has come. */
  async #many<On>(
    action: Pick<Action, 'action' | 'kind'>, jobs: readonly Job<On>[], hosts: Hosts<On>, signal = new AbortController().signal,
  ): Promise<Done[]> {
    const { default: pMap } = await import('p-map')
    const done = await pMap(jobs, async ({ name, work }): Promise<Done[]> => {
      if (signal.aborted) return []
      const host = await hosts.take()
      try {
        const outcome = await work(host, signal)
        await this.#say(action.kind, name, outcome)
        return [{ result: this.#resultOf(action, name, outcome), error: undefined }]
      } catch (caught) {
        const known = merged(caught)
        const error = known instanceof Error ? await this.inPlainWords(known) : known
        if (!(error instanceof BayError)) throw error
        this.#progress?.end()
        if (!this.structured) writeErr(renderError(error, { json: false, uri: this.uri ?? undefined, subject: `${action.kind} ${name}` }))
        return [{ result: this.#resultOf(action, name, { changed: false, said: '', error: errorJson(error) }), error }]
      } finally {
        hosts.give(host)
      }
    }, { concurrency: hosts.parallel })
    return done.flat()
  }

  /** Each object that is worked on at the same time has a connection of its own: one call at a time on each. */
  #connections(first: Connection, count: number): Hosts<Connection> {
    const free = [first]
    return {
      take: async () => free.pop() ?? (await this.openHost({ readOnly: this.readOnlyChange })).connection,
      give: (host) => { free.push(host) },
      parallel: this.sharedHost ? Math.min((this.flags as ManyFlags).parallel ?? 1, Math.max(count, 1)) : 1,
    }
  }

  #resultOf({ action, kind }: Pick<Action, 'action' | 'kind'>, name: string, { said: _said, ...outcome }: Outcome): ActionResult {
    return { action, kind, name, ...outcome, ...(this.dryRun ? { dryRun: true as const } : {}) }
  }

  async #say(kind: string, name: string, { said }: Outcome): Promise<void> {
    if (this.flags.quiet || !['table', 'wide'].includes(this.format)) return
    this.#progress?.end()
    await writeOut(`${kind} ${escapeControl(name)}${this.dryRun ? ' (dry run)' : ''}: ${escapeLines(said)}\n`)
  }

  async #showMany(results: ActionResult[]): Promise<void> {
    if (this.format === 'table' || this.format === 'wide') return
    await writeOut(await renderList(results, resultColumns, { format: this.format, headers: true, quiet: false, width: Infinity }))
  }
}

function lister(kind: NamedKind): (host: Connection) => string[] {
  if (kind in namesOf) return namesOf[kind as keyof typeof namesOf]
  return () => { throw new UsageError('globs and --all do not work here', 'give the names themselves') }
}

const resultColumns: Column<ActionResult>[] = [
  { key: 'action', get: (row) => row.action },
  { key: 'kind', get: (row) => row.kind },
  { key: 'name', get: (row) => row.name },
  { key: 'changed', get: (row) => row.changed },
  { key: 'error', get: (row) => row.error?.message ?? null, raw: (row) => row.error?.message ?? null },
]
