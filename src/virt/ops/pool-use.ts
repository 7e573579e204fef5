import { posix } from 'node:path'
import { BayError } from '../../errors.js'
import { readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { RemoveOptions } from './network-use.js'
import { Rollback } from './rollback.js'
import { machineUses } from './volume-use.js'

export interface StoppedPool {
  changed: boolean
  said: string
  /** the running machines whose disks are in it */
  usedBy: string[]
}

/** Stops a pool; its files stay. @throws BayError wrong-state, which names the running machines that use its volumes */
export function stopPool(connection: Connection, pool: StoragePool, options: RemoveOptions): StoppedPool {
  if (!pool.isActive()) return { changed: false, said: 'already stopped', usedBy: [] }
  const usedBy = mayTakeAway(connection, pool, options)
  if (options.dryRun) return { changed: true, said: 'would be stopped', usedBy }
  const persistent = pool.isPersistent()
  pool.stop()
  return { changed: true, said: persistent ? 'stopped' : 'stopped, and gone, for it had no definition', usedBy }
}

/** Stops a pool and removes its definition; its files stay. When that fails it runs again. @throws as stopPool */
export async function deletePool(connection: Connection, pool: StoragePool, options: RemoveOptions): Promise<StoppedPool> {
  const active = pool.isActive()
  const usedBy = active ? mayTakeAway(connection, pool, options) : []
  if (options.dryRun) return { changed: true, said: 'would be deleted; its files stay', usedBy }
  const [name, persistent] = [pool.name(), pool.isPersistent()]
  await using rollback = new Rollback()
  if (active) {
    await rollback.step(() => pool.stop(), () => ({
      leaves: `the pool ${name}, stopped`, removeBy: `bay pool start ${name}`, undo: async () => { if (persistent) await pool.start() },
    }))
  }
  if (persistent) pool.undefine()
  rollback.keep()
  return { changed: true, said: 'deleted; its files stay', usedBy }
}

/** Running machines with a disk that is a volume of the pool, or a file in its folder. */
function machinesOn(connection: Connection, pool: StoragePool): string[] {
  const { name, path } = readPool(pool.xml())
  const paths = volumePaths(pool)
  return machineUses(connection, { running: true })
    .filter(({ files, volumes }) => [...files].some((file) => paths.has(file) || posix.dirname(file) === path)
      || [...volumes].some((volume) => volume.startsWith(`${name}/`)))
    .map((machine) => machine.name)
}

function volumePaths(pool: StoragePool): Set<string> {
  using volumes = pool.volumes()
  return new Set(volumes.map((volume) => volume.path()))
}

function mayTakeAway(connection: Connection, pool: StoragePool, { force }: RemoveOptions): string[] {
  const machines = machinesOn(connection, pool)
  if (machines.length === 0 || force) return machines
  throw new BayError('wrong-state', `running machines use volumes of the pool ${pool.name()}: ${machines.join(', ')}`, {
    hints: [`stop them first: bay vm stop ${machines.join(' ')}`, '--force goes on; their disks stay as they are'],
  })
}
