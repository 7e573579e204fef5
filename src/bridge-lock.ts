import { constants, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { askWaiting } from './bridge/guard-client.js'
import { BayError } from './errors.js'
import { FileLock } from './virt/file-lock.js'
import { lockTimeout } from './virt/ops/host-lock.js'
import { codeOf } from './virt/ops/state-folder.js'

/** The lock of this system's bridges; the guard inherits the file, and so holds it for as long as it lives. */
export interface BridgeLock extends Disposable {
  fd: number
}

/** Keeps all others from changing bridges. @throws BayError `not-allowed`, or `busy` after BAY_LOCK_TIMEOUT seconds */
export async function lockBridges(): Promise<BridgeLock> {
  const fd = opened(`${runFile()}.lock`)
  const lock = await FileLock.take(fd, { exclusive: true, timeout: lockTimeout() })
  if (!lock) throw await isBusy()
  return { fd, [Symbol.dispose]: () => lock[Symbol.dispose]() }
}

/** Where a change that waits for its confirmation can be told so. */
export function waitingSocket(): string {
  return `${runFile()}.sock`
}

/** What a guard knows while its change is neither kept nor undone. */
export function guardFile(): string {
  return `${runFile()}.plan`
}

/** The lock when nobody has it now; null when somebody has, or this user may not take it. */
export async function tryLockBridges(): Promise<Disposable | null> {
  try {
    return await FileLock.take(opened(`${runFile()}.lock`), { exclusive: true, timeout: 0 })
  } catch (error) {
    if (error instanceof BayError && error.code === 'not-allowed') return null
    throw error
  }
}

/** A network namespace has its own bridges; what is below /run goes with the next boot, as they do. */
function runFile(): string {
  return join('/run/bay', `bridges-${statSync('/proc/self/ns/net').ino}`)
}

function opened(path: string): number {
  try {
    mkdirSync('/run/bay', { recursive: true, mode: 0o700 })
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(cause))
    throw new BayError(denied ? 'not-allowed' : 'failed', `bridges cannot be changed (${path}): ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause, hints: denied ? ['bridges are changed by root: sudo bay …'] : [],
    })
  }
}

async function isBusy(): Promise<BayError> {
  const answer = await askWaiting(waitingSocket(), { who: true })
  if (answer === null || !('waiting' in answer)) return new BayError('busy', 'another run is changing the bridges of this system', { hints: ['again once it has ended'] })
  const { bridge, until, keptBy } = answer.waiting
  return new BayError('busy', `a change of ${bridge} waits for its confirmation until ${until}`, { hints: [`keep it: ${keptBy}`] })
}
