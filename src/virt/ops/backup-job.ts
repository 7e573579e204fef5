import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import type { Domain } from '../domain.js'
import { isWriting } from './undo-backup.js'

/** Milliseconds between two looks at a job: short at first. */
const firstPause = 50
const longestPause = 1000

/** Waits until QEMU has written all. @throws BayError `failed` with QEMU's reason; the signal's reason; VirtError */
export async function endOfBackup(
  domain: Domain, file: string, signal: AbortSignal, moved: (done: number, total: number) => void,
): Promise<void> {
  for (let wait = firstPause; isWriting(domain, file); wait = Math.min(wait * 1.5, longestPause)) {
    signal.throwIfAborted()
    const job = domain.job()
    if (job) moved(job.done, job.total)
    await pause(wait, undefined, { signal }).catch(() => undefined)
  }
  signal.throwIfAborted()
  const ended = domain.endedJob()
  if (ended?.result === 'completed') return
  const { state } = domain.state()
  const why = state === 'off' ? 'the machine went off' : ended?.message ?? (ended?.result === 'cancelled' ? 'somebody else has ended the job' : 'nobody knows why')
  throw new BayError('failed', `the backup job failed: ${why}`, {
    hints: /no space/i.test(why) ? ['make room where the backup goes: bay backup prune, df -h', 'or choose another folder'] : [],
  })
}
