import { rmSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { failedFile } from './bridge/failed-file.js'
import { Guard } from './bridge/guard-client.js'
import type { UndoStep } from './bridge/guard-messages.js'
import { changeFile, fileBefore, type Keeper } from './bridge/persist-host.js'
import type { Step } from './bridge/steps.js'
import { take } from './bridge/undo-plan.js'
import { confirmed, notUndone, type Confirmation } from './bridge-confirm.js'
import { refuseLeft } from './bridge-left.js'
import { guardFile, lockBridges, waitingSocket } from './bridge-lock.js'
import type { Persistence } from './bridge-persist.js'
import { interruptible } from './virt/ops/interrupt.js'
import { killPoint } from './virt/ops/journal-kill.js'

/** What is to be done, and what gives back the state from before, whichever of the steps were taken. */
export interface BridgeChange {
  steps: readonly Step[]
  undo: readonly UndoStep[]
}

/** What was planned and made. */
export interface MadeChange<P> {
  /** null when the system was so already */
  plan: P | null
  /** the time at which it is undone unless somebody keeps it; null when it stays */
  until: string | null
  /** what keeps it over the next boot, and the files that were changed for it; null when nothing does */
  kept: { keeper: Keeper, files: string[] } | null
}

export interface ChangeOptions {
  /** it stays only once somebody said so */
  confirmation?: Confirmation | null
  /** what is written once it is made, and stays */
  persist?: (() => Promise<Persistence>) | null
}

/**
 * Plans a change under the host's lock, and makes it as a whole: a failure, Ctrl-C and a kill leave what was there before.
 * `plan` gives null when there is nothing to do.
 * @throws what `plan` throws, IpError, BayError `left-behind`, `busy`, `timeout` when nobody confirmed
 */
export async function changeBridges<P extends BridgeChange>(
  bridge: string, plan: () => Promise<P | null>, { confirmation = null, persist = null }: ChangeOptions = {},
): Promise<MadeChange<P>> {
  using lock = await lockBridges()
  refuseLeft()
  rmSync(failedFile(waitingSocket()), { force: true })
  const change = await plan()
  if (change === null && persist === null) return { plan: null, until: null, kept: null }
  return await interruptible(async (signal) => {
    const under = { lock: lock.fd, signal, bridge }
    if (change === null || confirmation === null) {
      return { plan: change, until: null, kept: await guarded(bridge, change ?? nothing, persist, under) }
    }
    const guard = await begun(change, under)
    const until = await confirmed(guard, bridge, confirmation, signal)
    const kept = until === null ? await guarded(bridge, nothing, persist, under) : null
    return { plan: change, until, kept }
  })
}

interface Under { lock: number, signal: AbortSignal, bridge: string }

const nothing: BridgeChange = { steps: [], undo: [] }

/** The change with its files; all of it or nothing. */
async function guarded(bridge: string, change: BridgeChange, persist: ChangeOptions['persist'], under: Under): Promise<MadeChange<never>['kept']> {
  const guard = await begun(change, under)
  const kept = persist ? await undoneOnFailure(guard, () => write(guard, change, persist, under.signal)) : null
  await guard.keep(bridge)
  return kept
}

/** A guard, and all steps taken. */
async function begun({ steps, undo }: BridgeChange, { lock, signal, bridge }: Under): Promise<Guard> {
  const guard = await Guard.start(undo, { lock, bridge, file: guardFile() })
  await undoneOnFailure(guard, async () => {
    for (const step of steps) await taken(signal, () => take(step))
    signal.throwIfAborted()
  })
  return guard
}

async function write(guard: Guard, { undo }: BridgeChange, persist: () => Promise<Persistence>, signal: AbortSignal): Promise<MadeChange<never>['kept']> {
  const { keeper, files } = await persist()
  if (keeper === null) return null
  await guard.replan([...files.map(fileBefore), ...undo])
  for (const file of files) await taken(signal, () => changeFile(file))
  signal.throwIfAborted()
  return { keeper, files: files.map(({ path }) => path) }
}

async function taken(signal: AbortSignal, step: () => void | Promise<void>): Promise<void> {
  signal.throwIfAborted()
  killPoint('before')
  await step()
  killPoint('after')
  // A signal that came meanwhile is heard when the event loop polls, which the first turn may have behind it.
  await turn()
  await turn()
}

/** @throws the error itself when all is as it was before; else what is left */
async function undoneOnFailure<T>(guard: Guard, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const left = await guard.undo()
    throw left.length === 0 ? error : notUndone(error instanceof Error ? error.message : String(error), left)
  }
}
