import type { Command } from '@oclif/core/command'
import { ActionCommand, type ActionResult, type Outcome } from './action.js'
import { changeBridges } from './bridge-change.js'
import type { Confirmation } from './bridge-confirm.js'
import { persistence } from './bridge-persist.js'
import { commandThere } from './bridge-elsewhere.js'
import type { BridgeRun } from './bridge-make.js'
import { UsageError } from './errors.js'
import type { Connection } from './virt/connection.js'
import { isInProcess } from './virt/ops/in-process.js'
import { isOwnHost } from './virt/ops/own-host.js'
import { shellWord } from './shell.js'

interface SharedFlags { 'confirm-within'?: number, 'confirm': boolean, 'persist': boolean }

/** A command on the bridges of this system, which is libvirt's own where libvirt is there at all: bridges also do without. */
export abstract class BridgeCommand<C extends typeof Command> extends ActionCommand<C> {
  #libvirt: Promise<Connection | null> | undefined

  /**
   * libvirt on this system, to be asked who uses a bridge; null when no host was named and none can be reached.
   * @throws UsageError when the host that was named is another system, with the command to run there
   */
  protected libvirt(): Promise<Connection | null> {
    this.#libvirt ??= this.#open()
    return this.#libvirt
  }

  /** Does something to one bridge, with the flags that such commands share. */
  protected actOnBridge(action: string, name: string, work: (run: BridgeRun) => Promise<Outcome>): Promise<ActionResult> {
    const { 'confirm-within': within, confirm: keep, persist } = this.flags as SharedFlags
    const run: BridgeRun = {
      bridge: name, keep, persist, within: within ?? null, mayCut: this.flags.yes || within !== undefined, dryRun: this.dryRun,
      note: (text) => this.note(text),
      change: async (plan, released = []) => {
        if (this.dryRun) return { plan: await plan(), until: null, kept: null }
        return changeBridges(name, plan, {
          confirmation: within === undefined ? null : this.#confirmation(name, within, persist),
          persist: persist ? () => persistence(name, released) : null,
        })
      },
    }
    return this.actOnOneHere({ action, kind: 'bridge' }, name, () => work(run))
  }

  #confirmation(name: string, within: number, persist: boolean): Confirmation {
    const given: Record<string, string> = this.args
    const words = ['bay', ...(this.id ?? '').split(':'), ...Object.values(given)]
    const keptBy = `${words.map(shellWord).join(' ')}${persist ? ' --persist' : ''} --confirm`
    const time = (until: string): string => new Date(until).toLocaleTimeString('en-GB')
    if (!this.mayAsk) return { within, keptBy, ask: null, tell: (until) => this.note(`bay: it is undone at ${time(until)} unless it is kept: ${keptBy}`) }
    return {
      within, keptBy, tell: (until) => this.note(`bay: it is undone at ${time(until)} unless you say yes`),
      ask: async (signal) => (await import('./output/ask.js')).confirm(`keep the change of ${name}?`, { signal }),
    }
  }

  async #open(): Promise<Connection | null> {
    const connection = await this.hostIfAny(() => this.look())
    if (connection === null) return null
    const uri = connection.uri()
    if (isInProcess(uri)) throw new UsageError('the embedded host has no bridges', 'without -c, on the system whose bridges are meant')
    if (!isOwnHost(connection)) throw elsewhere(connection, commandThere(uri, connection.hostname(), this.id ?? '', this.argv))
    return connection
  }
}

function elsewhere(connection: Connection, line: string): UsageError {
  return new UsageError(`bridges are made on the system itself, and the host is another one (${connection.hostname()})`, line)
}
