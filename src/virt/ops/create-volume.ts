import { BayError, UsageError } from '../../errors.js'
import { formatSize } from '../../units.js'
import type { Secret as Passphrase } from '../../provision/password.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { volumeWipe } from '../flags.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { plainly } from './child-error.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { makeVolume } from './make-volume.js'
import { makeVolumeSecret } from './make-volume-secret.js'
import { refuseEncrypted } from './volume-secret.js'
import { preallocated, refuseExtras, type Preallocation } from './volume-extras.js'
import { whilePoolIsBusy } from './retry.js'
import { fileTypes } from './plan-pools.js'
import { Rollback } from './rollback.js'

export interface NewVolume {
  name: string
  /** bytes; undefined for the size of the backing volume */
  size?: number
  /** undefined for qcow2 where the pool holds files, raw elsewhere */
  format?: 'qcow2' | 'raw'
  /** what of its room it takes at once: none, that of its tables, all of it, all of it filled with zeros */
  preallocation?: Preallocation
  /** what it is encrypted with, by LUKS */
  passphrase?: Passphrase
}

export interface CreatedVolume {
  changed: true
  said: string
  path: string | null
  format: string
  /** bytes */
  capacity: number
  backing: string | null
  /** how it is encrypted, and the UUID of its secret, null in a dry run */
  encryption: { format: string, secret: string | null } | null
}

/**
 * Makes an empty volume, or a layer over another one. Waits while the pool is busy; a failure leaves nothing.
 * @throws UsageError for sizes and formats that do not go together
 */
export async function createVolume(
  connection: Connection, pool: StoragePool, wanted: NewVolume, backing: StorageVolume | null, { dryRun }: { dryRun: boolean },
): Promise<CreatedVolume> {
  const plan = planVolume(pool, wanted, backing)
  const encryption = wanted.passphrase ? { format: 'luks', secret: null } : null
  const { format, capacity } = plan
  const about = { changed: true as const, format, capacity, backing: plan.backing?.path ?? null, encryption }
  const what = `${formatSize(plan.capacity)}, ${plan.format}${encryption ? ', encrypted' : ''}`
  if (dryRun) return { ...about, said: `would be created (${what})`, path: null }
  const { path, secret } = await interruptible((signal) => make(connection, pool, { plan, wanted }, signal))
  return { ...about, said: `created (${what})`, path, encryption: encryption && { ...encryption, secret } }
}

async function make(
  connection: Connection, pool: StoragePool, { plan, wanted }: { plan: PlannedVolume, wanted: NewVolume }, signal: AbortSignal,
): Promise<{ path: string, secret: string | null }> {
  const fullName = `${pool.name()}/${plan.name}`
  const { passphrase, preallocation = 'off' } = wanted
  using journal = journalFor(connection, { command: 'vol create', name: fullName })
  await using rollback = new Rollback(signal, journal)
  const path = `${readPool(pool.xml()).path ?? ''}/${plan.name}`
  const secret = passphrase ? await makeVolumeSecret(connection, { name: fullName, path, passphrase }, rollback) : null
  const { allocation, flags } = preallocated(plan, preallocation)
  const spec = { ...plan, allocation, format: elementFormat(pool, plan.format), secret: secret ?? undefined }
  const xml = serialize(volumeElement(spec))
  // QEMU measures how fast the host derives keys, and fails when the host is too busy for that.
  const create = () => whilePoolIsBusy(() => pool.createVolume(xml, flags), /accurate CPU usage/).catch(plainly)
  using volume = await makeVolume(connection, pool, plan.name, rollback, create)
  // What has its room is overwritten in place.
  if (preallocation === 'full') await whilePoolIsBusy(() => volume.wipe(volumeWipe.zero), /still in use/)
  const made = volume.path()
  rollback.keep()
  return { path: made, secret }
}

interface PlannedVolume {
  name: string
  capacity: number
  format: 'qcow2' | 'raw'
  backing?: { path: string, format: string }
}

function planVolume(pool: StoragePool, wanted: NewVolume, backing: StorageVolume | null): PlannedVolume {
  const { name, size, format } = wanted
  const holdsFiles = fileTypes.includes(poolType(pool))
  const base = backing && readVolume(backing.xml())
  const chosen = format ?? (holdsFiles || base ? 'qcow2' : 'raw')
  if (chosen === 'qcow2' && !holdsFiles) {
    throw new UsageError(`the pool ${pool.name()} is of type ${poolType(pool)}, which holds no qcow2 files`, 'leave out --format and --backing, or choose another pool')
  }
  if (backing) refuseEncrypted(backing, base?.path ?? '')
  refuseExtras(wanted, chosen, { holdsFiles, layer: base !== null })
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
