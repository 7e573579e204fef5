import { rmSync } from 'node:fs'
import { failedFile } from './bridge/failed-file.js'
import { Guard } from './bridge/guard-client.js'
import type { UndoStep } from './bridge/guard-messages.js'
import type { Step } from './bridge/steps.js'
import { take } from './bridge/undo-plan.js'
import { confirmed, notUndone, type Confirmation } from './bridge-confirm.js'
import { lockBridges, waitingSocket } from './bridge-lock.js'
import { interruptible } from './virt/ops/interrupt.js'
import { killPoint } from './virt/ops/journal-kill.js'

/** What is to be done, and what gives back the state from before, whichever of the steps were taken. */
export interface BridgeChange {
  steps: readonly Step[]
  undo: readonly UndoStep[]
}

/** What was planned and made. */
export interface MadeChange<P> {
  plan: P
  /** the time at which it is undone unless somebody keeps it; null when it stays */
  until: string | null
}

/**
 * Plans a change under the host's lock, and makes it as a whole: a failure, Ctrl-C and a kill leave what was there before.
 * `plan` gives null when there is nothing to do. With `confirmation` it stays only once somebody said so.
 * @throws what `plan` throws, IpError, BayError `left-behind`, `busy`, `timeout` when nobody said so
 */
export async function changeBridges<P extends BridgeChange>(
  bridge: string, plan: () => Promise<P | null>, confirmation: Confirmation | null = null,
): Promise<MadeChange<P> | null> {
  using lock = await lockBridges()
  rmSync(failedFile(waitingSocket()), { force: true })
  const change = await plan()
  if (change === null) return null
  return await interruptible(async (signal) => {
    const guard = await Guard.start(change.undo, lock.fd)
    try {
      await takeAll(change.steps, signal)
    } catch (error) {
      throw afterUndo(error, await guard.undo())
    }
    if (confirmation !== null) return { plan: change, until: await confirmed(guard, bridge, confirmation, signal) }
    await guard.keep(bridge)
    return { plan: change, until: null }
  })
}

async function takeAll(steps: readonly Step[], signal: AbortSignal): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted()
    killPoint('before')
    await take(step)
    killPoint('after')
  }
  signal.throwIfAborted()
}

/** The error itself when all is as it was before; else what is left. */
function afterUndo(error: unknown, left: readonly string[]): unknown {
  return left.length === 0 ? error : notUndone(error instanceof Error ? error.message : String(error), left)
}
