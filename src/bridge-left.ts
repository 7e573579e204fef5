import { existsSync, rmSync, statSync } from 'node:fs'
import { readGuardFile } from './bridge/guard-file.js'
import type { GuardFile } from './bridge/guard-messages.js'
import { undoAll } from './bridge/undo-plan.js'
import { guardFile, tryLockBridges, waitingSocket } from './bridge-lock.js'
import { BayError } from './errors.js'
import type { Recovery } from './virt/ops/recover.js'

/** Does something about the change whose run and guard were killed both; null when there is none, or a guard is still at work. */
async function withLeft<T>(work: (left: GuardFile) => T | Promise<T>): Promise<T | null> {
  if (!existsSync(guardFile())) return null
  using lock = await tryLockBridges()
  const left = lock && readGuardFile(guardFile())
  return left && await work(left)
}

/** What is to be said of such a change; null when there is none. */
export function leftBehind(): Promise<string | null> {
  return withLeft((left) => `${saidOf(left)}: ${hintsOf(left).join(', or ')}`)
}

/** Nothing is planned upon what nobody knows to stay. @throws BayError `wrong-state`; whoever calls has the lock */
export function refuseLeft(): void {
  const left = readGuardFile(guardFile())
  if (left) throw new BayError('wrong-state', saidOf(left), { hints: hintsOf(left) })
}

/** Keeps such a change, as its confirmation; false when there is none of that bridge. */
export async function keepLeft(bridge: string): Promise<boolean> {
  return await withLeft((left) => {
    if (left.bridge !== bridge || left.waiting === null) return false
    forget()
    return true
  }) ?? false
}

/** Undoes such a change, for `bay recover`. */
export async function recoverBridges({ dryRun }: { dryRun: boolean }): Promise<Recovery | null> {
  return withLeft(async ({ bridge, plan, waiting }) => {
    const common = {
      run: guardFile(), started: statSync(guardFile()).mtime.toISOString(), uri: null, command: 'bridge', name: bridge, deleted: [], kept: [], error: null,
    }
    const what = `the change of ${bridge}${waiting === null ? '' : `, which was to be confirmed until ${waiting.until}`}`
    if (dryRun) return { ...common, result: 'recovered', undone: [what], left: [], hints: [], code: null }
    const left = await undoAll(plan)
    forget()
    return left.length === 0
      ? { ...common, result: 'recovered', undone: [what], left, hints: [], code: null }
      : { ...common, result: 'left', undone: [], left, hints: ['bay bridge list', 'ip address'], code: null }
  })
}

/** The socket, on which nobody listens, too. */
function forget(): void {
  for (const file of [guardFile(), waitingSocket()]) rmSync(file, { force: true })
}

function saidOf({ bridge }: GuardFile): string {
  return `a change of ${bridge} was neither kept nor undone: its run and the process that watches over it were killed`
}

function hintsOf({ waiting }: GuardFile): string[] {
  return ['bay recover undoes it', ...waiting === null ? [] : [`${waiting.keptBy} keeps it`]]
}
