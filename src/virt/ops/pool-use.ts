import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { RemoveOptions } from './network-use.js'
import { Rollback } from './rollback.js'
import { VolumeUse } from './volume-use.js'

export interface StoppedPool {
  changed: boolean
  said: string
  /** the machines whose disks are in it, or lie on what is in it */
  usedBy: string[]
}

/** Stops a pool; its files stay. @throws BayError wrong-state, which names the running machines that use its volumes */
export function stopPool(connection: Connection, pool: StoragePool, options: RemoveOptions): StoppedPool {
  if (!pool.isActive()) return { changed: false, said: 'already stopped', usedBy: [] }
  const usedBy = mayTakeAway(connection, pool, { ...options, running: true })
  if (options.dryRun) return { changed: true, said: 'would be stopped', usedBy }
  const persistent = pool.isPersistent()
  pool.stop()
  return { changed: true, said: persistent ? 'stopped' : 'stopped, and gone, for it had no definition', usedBy }
}

/**
 * Stops a pool and removes its definition; its files stay. When that fails it runs again.
 * @throws BayError wrong-state, which names the machines, running or not, that use its volumes or layers over them
 */
export async function deletePool(connection: Connection, pool: StoragePool, options: RemoveOptions): Promise<StoppedPool> {
  const active = pool.isActive()
  const usedBy = mayTakeAway(connection, pool, { ...options, running: false })
  if (options.dryRun) return { changed: true, said: 'would be deleted; its files stay', usedBy }
  const [name, persistent] = [pool.name(), pool.isPersistent()]
  await using rollback = new Rollback()
  if (active) {
    await rollback.step(() => pool.stop(), () => ({
      leaves: `the pool ${name}, stopped`, removeBy: sh`bay pool start ${name}`, undo: async () => { if (persistent) await pool.start() },
    }))
  }
  if (persistent) pool.undefine()
  rollback.keep()
  return { changed: true, said: 'deleted; its files stay', usedBy }
}

function mayTakeAway(
  connection: Connection, pool: StoragePool, { force, running }: RemoveOptions & { running: boolean },
): string[] {
  const { name, path: where, type } = readPool(pool.xml())
  // What is right in /dev is not all of one pool.
  const path = ['disk', 'iscsi', 'scsi', 'mpath'].includes(type) ? null : where
  const use = VolumeUse.read(connection)
  const awake = new Set(use.machines.filter((machine) => machine.running).map((machine) => machine.name))
  const machines = use.machinesIn({ name, path }).filter((machine) => awake.has(machine) || !running)
  if (machines.length === 0 || force) return machines
  const [all, stopping] = [machines.every((machine) => awake.has(machine)), machines.filter((machine) => awake.has(machine))]
  throw new BayError('wrong-state', `${all ? 'running ' : ''}machines use volumes of the pool ${name}: ${machines.join(', ')}`, {
    hints: [
      ...running ? [sh`stop them first: bay vm stop ${stopping}`] : [sh`delete them first: bay vm delete ${machines}`],
      '--force goes on; their disks stay as they are',
    ],
  })
}
