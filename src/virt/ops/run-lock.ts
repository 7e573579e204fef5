import { ftruncateSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BayError } from '../../errors.js'
import { lockTimeout } from './host-lock.js'
import { takeLockFile } from './lock-file.js'
import { cannotWrite, codeOf, madeStateFolder } from './state-folder.js'

/**
 * The lock that `--lock` names, for a whole run: one for all hosts and commands of this user. It is not waited for, unless
 * BAY_LOCK_TIMEOUT says how long: whoever starts a job again and again wants to leave out one, not to queue. `command` is told
 * to those who find it taken; nothing else of the command line is.
 * @throws BayError `busy` when another run has it
 */
export async function lockRun(name: string, command: string): Promise<Disposable> {
  const path = join(madeStateFolder('locks'), `run-${name}.lock`)
  const lock = await takeLockFile(path, { timeout: lockTimeout(0) })
  if (lock === null) throw isTaken(name, holderOf(path))
  try {
    // A killed run's words may stand there still.
    ftruncateSync(lock.fd)
    writeSync(lock.fd, `${JSON.stringify({ pid: process.pid, command, started: new Date().toISOString() })}\n`)
  } catch (cause) {
    lock[Symbol.dispose]()
    throw cannotWrite(path, cause)
  }
  return lock
}

function isTaken(name: string, holder: string | null): BayError {
  return new BayError('busy', `another run has the lock ${name}${holder === null ? '' : ` (${holder})`}`, {
    hints: ['again once that run has ended', 'or wait for it: BAY_LOCK_TIMEOUT=120'],
  })
}

/** Who has it, in its own words; null when it has not written them yet, or is gone by now. */
function holderOf(path: string): string | null {
  try {
    const { pid, command, started } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    return `process ${Number(pid)}: bay ${String(command)}, since ${String(started)}`
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return null
    throw error
  }
}
