import type { Command } from '@oclif/core/command'
import { BaseCommand } from './base.js'
import { BayError, merged, UsageError, type ErrorCode } from './errors.js'
import { namesOf } from './find.js'
import { expandNames, isGlob, type NamedKind } from './names.js'
import { errorJson, renderError, type ErrorJson } from './output/failure.js'
import { renderList } from './output/format.js'
import { toJson, toYaml } from './output/serialize.js'
import { writeErr, writeOut } from './output/streams.js'
import { escapeControl } from './output/escape.js'
import type { Column } from './output/table.js'
import type { Connection } from './virt/connection.js'

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

interface ManyFlags { all?: boolean, parallel?: number }

/** A command that changes objects: one, or many by names and globs, each with its own line and its own result. */
export abstract class ActionCommand<C extends typeof Command> extends BaseCommand<C> {
  /**
   * Does `work` on every object that was named. One failing name does not stop the rest.
   * @throws the error itself when there is one plain name; else BayError `some-failed`, or the code that all have in common
   */
  protected async act(action: Action, work: Work): Promise<ActionResult | ActionResult[]> {
    const { all = false } = this.flags as ManyFlags
    if (all && action.names.length > 0) throw new UsageError('--all and names exclude each other', 'leave one of them out')
    if (!all && action.names.length === 0) throw new UsageError(`no ${action.kind} is named`, 'give names or globs, or --all')
    const plain = !all && action.names.length === 1 && !isGlob(action.names[0] ?? '')
    const first = await this.change()
    const names = this.#targets(action, all, first)
    if (plain) return this.#one(action, names[0] ?? '', first, work)
    const results = await this.#many(action, names, first, work)
    await this.#showMany(results.map(({ result }) => result))
    const failures = results.flatMap(({ error }) => error === undefined ? [] : [error])
    if (failures.length > 0) throw this.#summary(failures, results.length)
    return results.map(({ result }) => result)
  }

  /** Does `work` on one object that need not exist yet, such as one to be created. */
  protected async actOnOne(action: Omit<Action, 'names' | 'available'>, name: string, work: Work): Promise<ActionResult> {
    return this.#one({ ...action, names: [name] }, name, await this.change(), work)
  }

  #targets({ names, kind, available = lister(kind) }: Action, all: boolean, host: Connection): string[] {
    if (all) return available(host)
    return names.some(isGlob) ? expandNames(names, available(host), kind) : [...new Set(names)]
  }

  async #one(action: Action, name: string, host: Connection, work: Work): Promise<ActionResult> {
    const outcome = await work(name, host)
    const result = this.#resultOf(action, name, outcome)
    await this.#say(action.kind, name, outcome)
    if (this.format === 'json') await writeOut(toJson(result))
    if (this.format === 'yaml') await writeOut(await toYaml(result))
    if (this.format === 'csv' || this.format === 'name') await this.#showMany([result])
    return result
  }

  async #many(action: Action, names: string[], first: Connection, work: Work) {
    const { default: pMap } = await import('p-map')
    const free = [first]
    return pMap(names, async (name) => {
      const host = free.pop() ?? (await this.openHost({ readOnly: this.readOnlyChange })).connection
      try {
        const outcome = await work(name, host)
        await this.#say(action.kind, name, outcome)
        return { result: this.#resultOf(action, name, outcome), error: undefined }
      } catch (caught) {
        const known = merged(caught)
        const error = known instanceof Error ? await this.inPlainWords(known) : known
        if (!(error instanceof BayError)) throw error
        if (!this.structured) writeErr(renderError(error, { json: false, uri: this.uri ?? undefined, subject: `${action.kind} ${name}` }))
        return { result: this.#resultOf(action, name, { changed: false, said: '', error: errorJson(error) }), error }
      } finally {
        free.push(host)
      }
    }, { concurrency: this.#parallel(names.length) })
  }

  /** Each object that is worked on at the same time has a connection of its own: one call at a time on each. */
  #parallel(count: number): number {
    return this.sharedHost ? Math.min((this.flags as ManyFlags).parallel ?? 1, Math.max(count, 1)) : 1
  }

  #resultOf({ action, kind }: Action, name: string, { said: _said, ...outcome }: Outcome): ActionResult {
    return { action, kind, name, ...outcome, ...(this.dryRun ? { dryRun: true as const } : {}) }
  }

  async #say(kind: string, name: string, { said }: Outcome): Promise<void> {
    if (this.flags.quiet || !['table', 'wide'].includes(this.format)) return
    await writeOut(`${kind} ${escapeControl(name)}${this.dryRun ? ' (dry run)' : ''}: ${said}\n`)
  }

  async #showMany(results: ActionResult[]): Promise<void> {
    if (this.format === 'table' || this.format === 'wide') return
    await writeOut(await renderList(results, resultColumns, { format: this.format, headers: true, quiet: false, width: Infinity }))
  }

  #summary(failures: BayError[], total: number): BayError {
    const [first] = failures
    const common = failures.length === total && failures.every((each) => each.code === first?.code)
    const code: ErrorCode = failures.length < total ? 'some-failed' : common && first ? first.code : 'failed'
    return Object.assign(new BayError(code, `${failures.length} of ${total} failed`, {
      retryable: failures.every((each) => each.retryable),
    }), { alreadyShown: this.structured })
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
