import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { mustHaveAgent } from './agent.js'
import { aboutFile, GuestFile, isDirectory } from './agent-files.js'
import { statInGuest, type GuestStat } from './guest-tools.js'
import { refuseRelative } from './push-file.js'

export interface Pull {
  signal?: AbortSignal
  moved?: (done: number, total: number | null) => void
}

/**
 * The content of a file in the guest, piece by piece, by its agent. A file that grows meanwhile comes to the end that it has then.
 * @throws BayError `wrong-state` without an agent, `not-found`, `not-allowed`; UsageError for what is no file; the signal's reason
 */
export async function* pullFile(domain: Domain, path: string, { signal, moved }: Pull): AsyncGenerator<Buffer> {
  mustHaveAgent(domain)
  refuseRelative(path)
  const found = await look(domain, path)
  if (found?.kind === 'directory') throw isDirectory(domain.name(), path)
  // To open a pipe that nobody writes would hang the agent.
  if (found?.kind === 'other') throw new UsageError(`${path} in ${domain.name()} is no file`, sh`bay vm exec ${domain.name()} -- head -c 1M ${path}`)
  let done = 0
  await using file = await GuestFile.open(domain, path, 'r')
  for (;;) {
    signal?.throwIfAborted()
    const piece = await file.read().catch((error: unknown) => { throw aboutFile(error, domain.name(), path) })
    if (piece.length === 0) break
    done += piece.length
    moved?.(done, found && found.size >= done ? found.size : null)
    yield piece
  }
}

/** null where the guest runs no commands for us: then the agent's own words must do. */
async function look(domain: Domain, path: string): Promise<GuestStat | null> {
  try {
    const found = await statInGuest(domain, path)
    if (found) return found
  } catch (error) {
    if (error instanceof BayError && error.code === 'failed') return null
    throw error
  }
  throw new BayError('not-found', `there is no ${path} in ${domain.name()}`)
}
