import { BayError, UsageError } from '../../errors.js'
import { formatSize } from '../../units.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { plainly } from './child-error.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { makeVolume } from './make-volume.js'
import { fileTypes } from './plan-pools.js'
import { Rollback } from './rollback.js'

export interface NewVolume {
  name: string
  /** bytes; undefined for the size of the backing volume */
  size?: number
  /** undefined for qcow2 where the pool holds files, raw elsewhere */
  format?: 'qcow2' | 'raw'
}

export interface CreatedVolume {
  changed: true
  said: string
  path: string | null
  format: string
  /** bytes */
  capacity: number
  backing: string | null
}

/**
 * Makes an empty volume, or a layer over another one. Waits while the pool is busy; a failure leaves nothing.
 * @throws UsageError for sizes and formats that do not go together
 */
export async function createVolume(
  connection: Connection, pool: StoragePool, wanted: NewVolume, backing: StorageVolume | null, { dryRun }: { dryRun: boolean },
): Promise<CreatedVolume> {
  const plan = planVolume(pool, wanted, backing)
  const about = { changed: true as const, format: plan.format, capacity: plan.capacity, backing: plan.backing?.path ?? null }
  const what = `${formatSize(plan.capacity)}, ${plan.format}`
  if (dryRun) return { ...about, said: `would be created (${what})`, path: null }
  const xml = serialize(volumeElement({ ...plan, format: elementFormat(pool, plan.format) }))
  const path = await interruptible((signal) => make(connection, pool, { name: wanted.name, xml }, signal))
  return { ...about, said: `created (${what})`, path }
}

async function make(
  connection: Connection, pool: StoragePool, { name, xml }: { name: string, xml: string }, signal: AbortSignal,
): Promise<string> {
  using journal = journalFor(connection, { command: 'vol create', name: `${pool.name()}/${name}` })
  await using rollback = new Rollback(signal, journal)
  using volume = await makeVolume(connection, pool, name, rollback, () => pool.createVolume(xml).catch(plainly))
  const path = volume.path()
  rollback.keep()
  return path
}

function planVolume(pool: StoragePool, { name, size, format }: NewVolume, backing: StorageVolume | null) {
  const holdsFiles = fileTypes.includes(poolType(pool))
  const base = backing && readVolume(backing.xml())
  const chosen = format ?? (holdsFiles || base ? 'qcow2' : 'raw')
  if (chosen === 'qcow2' && !holdsFiles) {
    throw new UsageError(`the pool ${pool.name()} is of type ${poolType(pool)}, which holds no qcow2 files`, 'leave out --format and --backing, or choose another pool')
  }
  if (base && chosen !== 'qcow2') throw new UsageError('a layer over another volume must be qcow2', 'leave out --format')
  const capacity = size ?? base?.capacity ?? null
  if (capacity === null) throw new UsageError('the size is missing', 'for example --size 20G')
  if (base?.capacity && capacity < base.capacity) {
    throw new UsageError(`--size is less than the ${formatSize(base.capacity)} of the backing volume, whose end would be cut off`, 'leave out --size')
  }
  if (!holdsFiles) refuseTooLarge(pool, capacity)
  return {
    name, capacity, format: chosen,
    ...base && { backing: { path: base.path ?? backing.path(), format: base.format ?? 'raw' } },
  }
}

/** A block device takes all its room at once. */
function refuseTooLarge(pool: StoragePool, capacity: number): void {
  const { available } = pool.info()
  if (capacity <= available) return
  throw new BayError('failed', `the pool ${pool.name()} has ${formatSize(available)} left, and the volume takes ${formatSize(capacity)}`)
}

/** Volumes of a disk are partitions, and their formats are the partitions' types. */
function elementFormat(pool: StoragePool, format: string): string {
  return poolType(pool) === 'disk' ? 'none' : format
}

function poolType(pool: StoragePool): string {
  return readPool(pool.xml()).type
}
