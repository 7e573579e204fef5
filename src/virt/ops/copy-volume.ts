import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import { serialize } from '../../xml/node.js'
import { readPool } from '../../xml/pool.js'
import { readVolume, volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { plainly } from './child-error.js'
import { lockName } from './host-lock.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { makeVolume } from './make-volume.js'
import { fileTypes } from './plan-pools.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'
import { refuseEncrypted } from './volume-secret.js'
import { VolumeUse, type VolumePlace } from './volume-use.js'

export interface VolumeCopy {
  name: string
  /** undefined for the format of what is copied */
  format?: string
  /** the verb, for the journal */
  command: string
}

export interface CopiedVolume {
  changed: true
  said: string
  path: string | null
  format: string
  /** bytes */
  capacity: number
}

/**
 * Copies a volume into a new one, on the host, with all that lies in the layers below it: the copy stands alone. A failure
 * leaves nothing.
 * @throws BayError `wrong-state` while a machine runs that writes to it; UsageError for a format that the pool does not hold
 */
export async function copyVolume(
  connection: Connection, source: StorageVolume, place: VolumePlace, pool: StoragePool, { name, format, command }: VolumeCopy,
  { dryRun }: { dryRun: boolean },
): Promise<CopiedVolume> {
  const read = readVolume(source.xml())
  const capacity = read.capacity ?? source.info().capacity
  const chosen = format ?? read.format ?? 'raw'
  refuseEncrypted(source, `${place.pool}/${place.name}`)
  refuseFormat(pool, chosen)
  refuseRunning(connection, place)
  const about = { changed: true as const, format: chosen, capacity }
  const as = `as ${pool.name()}/${name} (${formatSize(capacity)}, ${chosen})`
  if (dryRun) return { ...about, said: `would be copied ${as}`, path: null }
  const xml = serialize(volumeElement({ name, capacity, format: chosen }))
  using _source = await lockName(connection.uri(), 'vol', `${place.pool}/${place.name}`)
  const path = await interruptible(async (signal) => {
    using journal = journalFor(connection, { command, name: `${pool.name()}/${name}` })
    await using rollback = new Rollback(signal, journal)
    const copy = () => whilePoolIsBusy(() => pool.cloneVolume(xml, source)).catch(plainly)
    using volume = await makeVolume(connection, pool, name, rollback, copy)
    const made = volume.path()
    rollback.keep()
    return made
  })
  return { ...about, said: `copied ${as}`, path }
}

function refuseFormat(pool: StoragePool, format: string): void {
  const { type } = readPool(pool.xml())
  if (format === 'raw' || fileTypes.includes(type)) return
  throw new UsageError(`the pool ${pool.name()} is of type ${type}, which holds no ${format} files`, '--format raw, or another pool')
}

/** What is written meanwhile would be half in the copy. */
function refuseRunning(connection: Connection, place: VolumePlace): void {
  const use = VolumeUse.read(connection)
  const users = new Set(use.machinesOn(place))
  const [runner] = use.machines.filter(({ name, running }) => running && users.has(name))
  if (!runner) return
  throw new BayError('wrong-state', `${runner.name} runs with ${place.pool}/${place.name}, which changes while it is copied`, {
    hints: [sh`bay vm stop ${runner.name}`, sh`bay backup create --to DIR ${runner.name} copies the disks of a running machine`],
  })
}
