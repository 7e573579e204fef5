import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import { parse } from '../../xml/node.js'
import { all, attr, child } from '../../xml/tree.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StorageVolume } from '../volume.js'
import { volumeResize } from '../flags.js'
import { refuseLayers } from './needed-volume.js'
import { refuseSaved } from './refuse-saved.js'
import { whilePoolIsBusy } from './retry.js'
import { VolumeUse, type VolumePlace } from './volume-use.js'

/** Bytes: the new size, or how much is added. */
export type NewSize = { to: number } | { by: number }

export interface ResizedVolume {
  changed: boolean
  said: string
  /** bytes */
  capacity: number
  previous: number
  /** the running machine whose disk it is, which sees the new size at once */
  running: string | null
}

/**
 * Gives a volume another size: through the machine that runs on it, if one does, else through its pool.
 * @throws BayError `wrong-state` for a volume below layers, one of a saved machine, and one that shrinks while a machine
 *   runs; UsageError for a shrinking that was not asked for
 */
export async function resizeVolume(
  connection: Connection, volume: StorageVolume, place: VolumePlace, size: NewSize,
  { shrink, dryRun }: { shrink: boolean, dryRun: boolean },
): Promise<ResizedVolume> {
  const use = VolumeUse.read(connection)
  refuseLayers(place, use, { layers: (names) => sh`they see its size as it is now; delete or merge them first: bay vol delete ${names}` })
  const fullName = `${place.pool}/${place.name}`
  const users = new Set(use.machinesOn(place))
  const runners = use.machines.flatMap(({ name, running }) => running && users.has(name) ? [name] : [])
  const [running = null, ...others] = runners
  for (const name of users) refuseSavedOne(connection, name)
  if (others.length > 0) throw new BayError('wrong-state', `several running machines use the volume ${fullName}: ${runners.join(', ')}`)
  const disk = running === null ? null : diskOf(connection, running, place)
  const previous = disk === null ? readVolume(volume.xml()).capacity ?? volume.info().capacity : disk.capacity
  const capacity = 'to' in size ? size.to : previous + size.by
  const about = { capacity, previous, running }
  if (capacity === previous) return { ...about, changed: false, said: `already ${formatSize(capacity)}` }
  if (capacity < previous) refuseShrinking(fullName, { previous, running, shrink })
  const said = `${formatSize(previous)} to ${formatSize(capacity)}${running === null ? '' : `, seen by ${running} at once`}`
  if (dryRun) return { ...about, changed: true, said: `would go from ${said}` }
  if (running !== null && disk !== null) {
    using domain = connection.domain(running)
    await domain.resizeDisk(disk.target, BigInt(capacity))
    // Its pool learns of it only when it looks.
    using pool = connection.poolOf(volume)
    await whilePoolIsBusy(() => pool.refresh())
  } else {
    await whilePoolIsBusy(() => volume.resize(BigInt(capacity), capacity < previous ? volumeResize.shrink : 0))
  }
  return { ...about, changed: true, said: `from ${said}` }
}

function refuseSavedOne(connection: Connection, machine: string): void {
  using domain = connection.domain(machine)
  refuseSaved(domain)
}

function refuseShrinking(
  fullName: string, { previous, running, shrink }: { previous: number, running: string | null, shrink: boolean },
): void {
  if (running !== null) {
    throw new BayError('wrong-state', `${running} runs on ${fullName}, which cannot shrink under it`, { hints: [sh`bay vm stop ${running}`] })
  }
  if (!shrink) {
    throw new UsageError(`that is less than the ${formatSize(previous)} of ${fullName}, whose end would be cut off`, 'shrink the file system in it first, then add --shrink')
  }
}

/** Which of a running machine's disks the volume is. @throws BayError `wrong-state` when it is none of its own */
function diskOf(connection: Connection, machine: string, { pool, name, path }: VolumePlace): { target: string, capacity: number } {
  using domain = connection.domain(machine)
  const found = all(parse(domain.xml()), 'devices/disk').find((disk) => {
    const source = child(disk, 'source')
    const inPool = attr(source, 'pool') === pool && attr(source, 'volume') === name
    return inPool || attr(source, 'file') === path || attr(source, 'dev') === path
  })
  const target = attr(child(found, 'target'), 'dev')
  if (target !== undefined) return { target, capacity: domain.diskSize(target).capacity }
  throw new BayError('wrong-state', `${machine} runs with ${pool}/${name}, but not as a disk of its own`, { hints: [sh`bay vm stop ${machine}`] })
}
