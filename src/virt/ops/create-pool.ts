import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { posix } from 'node:path'
import { BayError } from '../../errors.js'
import { serialize } from '../../xml/node.js'
import { poolElement, readPool, type PoolSpec } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { VirtError, failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { whilePoolIsBusy } from './retry.js'
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
  /** whether the pool's folder was made */
  built: boolean
  active: boolean
  autostart: boolean
}

/**
 * Makes a pool: defined, its folder made when there is none, started, set to start with the host. When a step fails or
 * is interrupted, what was made goes away again, and only that: a folder that was there stays.
 * @throws BayError exists when another pool has the path
 */
export async function createPool(connection: Connection, spec: PoolSpec, options: CreatePoolOptions): Promise<CreatedPool> {
  refuseTakenPath(connection, spec)
  const about = { changed: true as const, type: spec.type, path: spec.path ?? null, autostart: options.autostart }
  const where = spec.path === undefined ? '' : ` (${spec.path})`
  if (options.dryRun) return { ...about, said: `would be created${where}`, uuid: null, built: false, active: false }
  const { uuid, built } = await interruptible((signal) => bringUp(connection, spec, options, signal))
  return { ...about, said: `created${where}`, uuid, built, active: options.start }
}

async function bringUp(connection: Connection, spec: PoolSpec, { autostart, start }: CreatePoolOptions, signal: AbortSignal) {
  const { name } = spec
  const uuid = randomUUID()
  using journal = journalFor(connection, { command: 'pool create', name })
  await using rollback = new Rollback(signal, journal)
  const xml = serialize(poolElement({ ...spec, uuid }))
  using pool = await rollback.make(connection, { kind: 'pool', uuid, name }, () => connection.definePool(xml))
  const startStep = () => rollback.make(connection, { kind: 'pool-running', uuid, name }, () => whilePoolIsBusy(() => pool.start()))
  // Only a start tells whether the folder is there, on whatever host. To build the other types would format disks.
  const built = spec.type === 'dir' && !await startUnlessMissing(startStep)
  if (built) {
    await rollback.make(connection, { kind: 'pool-folder', uuid, name, path: spec.path ?? '' }, () => pool.build())
  }
  if (autostart) pool.setAutostart(true)
  if (start && !pool.isActive()) await startStep()
  if (!start && pool.isActive()) pool.stop()
  rollback.keep()
  return { uuid, built }
}

/** False when there is no such folder. */
async function startUnlessMissing(start: () => Promise<void>): Promise<boolean> {
  try {
    await start()
    return true
  } catch (error) {
    if (error instanceof VirtError && error.errno === constants.errno.ENOENT) return false
    throw error
  }
}

/** Two pools on one folder would each delete the other's volumes; libvirt compares no more than the letters of the path. */
function refuseTakenPath(connection: Connection, { name, type, path }: PoolSpec): void {
  if (path === undefined || !ownsFolder(type)) return
  using pools = connection.pools()
  for (const pool of pools) {
    const xml = unlessGone(() => pool.xml(), failure.noPool)
    const other = xml === null ? null : readPool(xml)
    if (!other || other.name === name || other.path === null || !ownsFolder(other.type)) continue
    if (posix.normalize(`${other.path}/`) === posix.normalize(`${path}/`)) {
      throw new BayError('exists', `the pool ${other.name} has the path ${path} already`, { hints: [`bay pool show ${other.name}`] })
    }
  }
}

/** The others' paths are folders of devices, which several pools share. */
function ownsFolder(type: string): boolean {
  return ['dir', 'fs', 'netfs'].includes(type)
}
