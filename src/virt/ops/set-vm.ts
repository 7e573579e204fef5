import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { changeSettings, readSettings, type Settings, type SettingValue } from '../../xml/domain-settings.js'
import { parse } from '../../xml/node.js'
import { changeDefinition, storedDefinition } from './change-definition.js'
import { checkCpuModel } from './check-cpu-model.js'
import { checkHostMemory } from './check-vm-memory.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { ownAutostart } from './own-autostart.js'
import { planFields, type PlannedField } from './plan-set.js'
import { Rollback } from './rollback.js'
import { fieldOf, type SetField } from './set-field.js'
import { followBalloon, setLive } from './set-vm-live.js'
import { startVm } from './start-vm.js'
import { stopVm } from './stop-vm.js'
import { autostartBefore } from './undo-vm.js'

export interface SetOptions {
  dryRun: boolean
  /** stop the machine and start it when something needs it */
  restart?: boolean
  /** milliseconds to wait for the guest to go down */
  timeout?: number
  /** hears of each step as it begins */
  report: (step: string) => void
}

export interface SetVm {
  changed: boolean
  fields: SetField[]
  /** whether the machine was stopped and started */
  restarted: boolean
  /** whether it is off with a saved state, which goes on with the old settings */
  saved: boolean
}

export interface SetWanted { settings: Settings, autostart: boolean | undefined }

/**
 * Changes a machine: what runs, as far as that can be, and what is stored, all or nothing. Whoever calls has its name for
 * itself. @throws UsageError for what it cannot be, VirtError when libvirt refuses it, BayError `wrong-state`, `timeout`
 */
export async function setVm(connection: Connection, domain: Domain, wanted: SetWanted, options: SetOptions): Promise<SetVm> {
  const { dryRun } = options
  if (!domain.isPersistent()) throw isTransient(domain.name())
  const { fields, saved } = plan(connection, domain, wanted.settings)
  if (options.restart && saved) throw isSaved(domain.name())
  const autostart = autostartField(domain, wanted.autostart)
  const run = () => interruptible((signal) => apply(connection, domain, fields, wanted, signal))
  const waits: Waits = dryRun ? new Map<string, string>() : await run()
  if (!dryRun && wanted.autostart !== undefined) await ownAutostart(connection, domain)
  const followed = dryRun || await hasFollowed(domain, fields)
  const why = (field: PlannedField) => waits.get(field.name) ?? null
  const told = [...fields.map((field) => fieldOf(field, { saved, followed, why: why(field) })), ...autostart]
  const restarted = (options.restart ?? false) && told.some(({ effect }) => effect === 'needs-stop')
  if (restarted && !dryRun) await restart(connection, domain, options)
  const applied = (field: SetField): SetField => field.effect === 'needs-stop' ? { ...field, effect: 'now', note: null } : field
  const result = restarted ? told.map(applied) : told
  const changed = restarted || result.some((field) => field.changed)
  return { changed, fields: dryRun ? result : withRunning(domain, result), restarted, saved }
}

interface Plan { fields: PlannedField[], saved: boolean }

function plan(connection: Connection, domain: Domain, settings: Settings): Plan {
  const root = parse(storedDefinition(domain))
  const before = readSettings(root)
  changeSettings(root, settings)
  const after = readSettings(root)
  const most = after['max-memory']
  if (most !== before['max-memory']) checkHostMemory(connection, Number(most), { start: false, say: 'memory=2G' })
  if (after.cpu !== before.cpu && typeof after.cpu === 'string') checkCpuModel(connection, root, after.cpu)
  const active = domain.isActive()
  return {
    fields: planFields(settings, { before, after, running: active ? parse(domain.xml()) : null }),
    saved: !active && domain.hasSavedState(),
  }
}

/** Why single settings of the running machine have to wait, by their names. */
type Waits = Map<string, string>

/** What runs first: when its part is refused, nothing is stored */
async function apply(
  connection: Connection, domain: Domain, fields: readonly PlannedField[], { settings, autostart }: SetWanted, signal: AbortSignal,
): Promise<Waits> {
  const waits: Waits = new Map()
  using journal = journalFor(connection, { command: 'vm set', name: domain.name() })
  await using rollback = new Rollback(signal, journal)
  for (const field of fields.filter(({ live }) => live === 'set' || live === 'ask')) {
    const why = await setLive(domain, field, rollback)
    if (why !== undefined) waits.set(field.name, why)
  }
  if (autostart !== undefined && autostart !== domain.autostart()) {
    await rollback.make(connection, { kind: 'changed-autostart', ...autostartBefore(domain) }, () => domain.setAutostart(autostart))
  }
  // An interrupt counts until here, so that nothing is stored of what is undone.
  signal.throwIfAborted()
  changeDefinition(connection, domain, (root) => changeSettings(root, settings), { command: 'vm set', dryRun: false })
  rollback.keep()
  return waits
}

function hasFollowed(domain: Domain, fields: readonly PlannedField[]): Promise<boolean> | boolean {
  const asked = fields.find(({ live }) => live === 'ask')
  return asked === undefined || followBalloon(domain, Number(asked.stored.after))
}

function autostartField(domain: Domain, after: boolean | undefined): SetField[] {
  if (after === undefined) return []
  const before = domain.autostart()
  const changed = before !== after
  return [{ field: 'autostart', before, after, running: null, effect: changed ? 'now' : null, changed, note: null }]
}

async function restart(connection: Connection, domain: Domain, { timeout, report }: SetOptions): Promise<void> {
  report('stopping it')
  try {
    await stopVm(connection, domain, { dryRun: false, timeout })
  } catch (error) {
    if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
    throw new BayError(error.code, `${error.message}; what was set is stored, and counts once it was stopped and started`, {
      hints: error.hints, cause: error,
    })
  }
  report('starting it')
  await startVm(connection, domain, { dryRun: false })
}

function withRunning(domain: Domain, fields: readonly SetField[]): SetField[] {
  if (!domain.isActive()) return fields.map((field) => ({ ...field, running: null }))
  const now: Readonly<Record<string, SettingValue>> = readSettings(parse(domain.xml()))
  return fields.map((field) => ({ ...field, running: now[field.field] ?? null }))
}

function isTransient(name: string): BayError {
  return new BayError('wrong-state', `${name} is transient: nothing of it is stored that could be changed`, {
    hints: [sh`bay vm xml ${name} | bay vm define - stores it as it runs`],
  })
}

/** Started now, it would go on with what it had. */
function isSaved(name: string): BayError {
  return new BayError('wrong-state', `${name} is saved: started now, it goes on with what it had`, {
    hints: [sh`bay vm start ${name}, and then this again`, 'without --restart it counts from the start after that'],
  })
}
