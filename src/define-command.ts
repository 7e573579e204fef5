import * as Args from '@oclif/core/args'
import type { Command } from '@oclif/core/command'
import { ActionCommand, type ActionResult } from './action.js'
import { UsageError } from './errors.js'
import { readInput } from './input-file.js'
import { checkName } from './names.js'
import type { Connection } from './virt/connection.js'
import { readGiven, type Defined, type DefineOptions, type Given } from './virt/ops/define.js'
import { lockName } from './virt/ops/host-lock.js'

export const filesArg = {
  file: Args.string({ required: true, multiple: true, ignoreStdin: true, description: 'the files with the XML, a document in each; - for standard input' }),
}

const roots = { vm: 'domain', net: 'network', pool: 'pool', filter: 'filter' } as const

type Defining = (host: Connection, given: Given, options: DefineOptions) => Promise<Defined>

/** A command that defines objects of one kind, each from a file of its own. */
export abstract class DefineCommand<C extends typeof Command> extends ActionCommand<C> {
  /**
   * Defines what the files hold, once all of them could be read. One that fails does not stop the rest.
   * @throws as `actOnNew`; UsageError that names the file, before anything is changed
   */
  protected async define(
    kind: keyof typeof roots, files: readonly string[], define: Defining,
  ): Promise<ActionResult | ActionResult[]> {
    const documents: Given[] = []
    for (const file of files) documents.push(readGiven(await readInput(file), file, roots[kind]))
    refuseTwice(documents)
    return this.actOnNew({ action: 'define', kind }, { many: documents.length > 1 }, documents.map((given, at) => ({
      name: given.name,
      work: async (host: Connection, signal: AbortSignal) => {
        // Filters include one another: whoever changes one has them all.
        const locked = kind === 'filter' ? 'of this host' : given.name
        using _lock = this.dryRun ? null : await lockName(host.uri(), kind, locked, signal)
        // What exists may have any name; what we make may not.
        return {
          ...await define(host, given, {
            dryRun: this.dryRun,
            checkNew: () => checkName(kind, given.name),
            earlier: this.dryRun ? documents.slice(0, at).map(({ name }) => name) : [],
          }),
        }
      },
    })))
  }
}

function refuseTwice(documents: readonly Given[]): void {
  const places = new Map<string, string>()
  for (const { name, where } of documents) {
    const other = places.get(name)
    if (other !== undefined) throw new UsageError(`${other} and ${where} both define ${name}`, 'give one file for each')
    places.set(name, where)
  }
}
