import { randomUUID } from 'node:crypto'
import { BayError } from '../../errors.js'
import { serialize } from '../../xml/node.js'
import { poolElement } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { buildPool, type BuiltPool } from './build-pool.js'
import { refuseLackingBackend, refuseMissingSecret } from './check-pool-host.js'
import { refuseTakenSource, refuseUsedDevices } from './check-pool-source.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import type { NewPool } from './new-pool.js'
import { Rollback } from './rollback.js'

export interface CreatePoolOptions {
  autostart: boolean
  start: boolean
  dryRun: boolean
}

export interface CreatedPool {
  changed: true
  said: string
  uuid: string | null
  type: string
  path: string | null
  /** whether the pool's folder was made, or what else it needs */
  built: boolean
  active: boolean
  autostart: boolean
}

/**
 * Makes a pool: defined, what it needs made where that is missing, started, set to start with the host. When a step fails or
 * is interrupted, what was made goes away again, and only that: a folder that was there stays.
 * @throws BayError `exists` when another pool has the path or the device; `wrong-state` when the device is used otherwise;
 * `left-behind` with a file system that was made before a later step failed, for libvirt cannot take that back
 */
export async function createPool(connection: Connection, wanted: NewPool, options: CreatePoolOptions): Promise<CreatedPool> {
  const { spec } = wanted
  refuseLackingBackend(connection, spec.type)
  refuseMissingSecret(connection, spec)
  refuseTakenSource(connection, spec)
  refuseUsedDevices(connection, wanted)
  const about = { changed: true as const, type: spec.type, path: spec.path ?? null, autostart: options.autostart }
  const where = spec.path === undefined ? '' : ` (${spec.path})`
  if (options.dryRun) return { ...about, said: `would be created${where}`, uuid: null, built: false, active: false }
  const { uuid, built, active } = await bringUp(connection, wanted, options)
  return { ...about, said: `created${where}`, uuid, built: built.folder || built.source, active }
}

async function bringUp(connection: Connection, wanted: NewPool, options: CreatePoolOptions) {
  const built: BuiltPool = { folder: false, source: false }
  try {
    return await interruptible((signal) => steps(connection, wanted, options, { signal, built }))
  } catch (error) {
    if (!built.source || wanted.spec.type !== 'fs') throw error
    const [device = ''] = wanted.spec.sourceDevices ?? []
    const why = error instanceof Error ? error.message : String(error)
    throw new BayError('left-behind', `${why}; left behind: the new file system on ${device}`, {
      hints: [`wipefs -a ${device}`, 'or the same command again, which takes it as it is'], cause: error,
    })
  }
}

async function steps(
  connection: Connection, wanted: NewPool, { autostart, start }: CreatePoolOptions,
  { signal, built }: { signal: AbortSignal, built: BuiltPool },
) {
  const { spec } = wanted
  const { name } = spec
  const uuid = randomUUID()
  using journal = journalFor(connection, { command: 'pool create', name })
  await using rollback = new Rollback(signal, journal)
  const xml = serialize(poolElement({ ...spec, uuid }))
  using pool = await rollback.make(connection, { kind: 'pool', uuid, name }, () => connection.definePool(xml))
  await buildPool(connection, pool, wanted, { rollback, uuid, start, built })
  if (autostart) pool.setAutostart(true)
  if (!start && pool.isActive()) pool.stop()
  const active = pool.isActive()
  rollback.keep()
  return { uuid, built, active }
}
