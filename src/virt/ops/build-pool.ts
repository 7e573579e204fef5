import { constants } from 'node:os'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { poolBuild } from '../flags.js'
import type { StoragePool } from '../pool.js'
import { plainly } from './child-error.js'
import type { NewPool } from './new-pool.js'
import { poolTypeTable } from './pool-types.js'
import { whilePoolIsBusy } from './retry.js'
import type { Rollback } from './rollback.js'

/** What has been made. */
export interface BuiltPool {
  /** the folder where its volumes are */
  folder: boolean
  /** a file system, a partition table, a volume group */
  source: boolean
}

interface Building {
  rollback: Rollback
  uuid: string
  /** whether it is to run; only a start tells what is missing, on whatever host */
  start: boolean
  /** filled as it is made, so that it is known after a failure too */
  built: BuiltPool
}

/**
 * Starts a pool that is defined, and makes what it needs for that and has not: its folder, and on devices that are blank, when
 * told to, what the pool is made of. What is there is taken as it is. Leaves a pool running that need not.
 */
export async function buildPool(connection: Connection, pool: StoragePool, wanted: NewPool, building: Building): Promise<void> {
  const { spec: { type, path = '', name }, build } = wanted
  const { rollback, uuid, built } = building
  const start = () => rollback.make(connection, { kind: 'pool-running', uuid, name }, () => whilePoolIsBusy(() => pool.start().catch(plainly)))
  const makeFolder = async () => {
    await rollback.make(connection, { kind: 'pool-folder', uuid, name, path }, () => pool.build())
    built.folder = true
  }
  const makeSource = async () => {
    // Of ZFS's there are no flags: it refuses by itself what is not blank.
    const flags = type === 'zfs' ? 0 : build === 'overwrite' ? poolBuild.overwrite : poolBuild.keep
    const make = () => whilePoolIsBusy(() => pool.build(flags).catch((error: unknown) => refusal(error, wanted)))
    if (type === 'fs') await rollback.step(make, () => fileSystem(wanted))
    else await rollback.make(connection, { kind: 'pool-built', uuid, name, what: poolTypeTable[type]?.builds ?? '' }, make)
    built.source = true
  }
  if (build === 'overwrite') await makeSource()
  else if (!building.start && type !== 'dir' && build === undefined) return
  if (type === 'dir') {
    if (await startUnlessMissing(start)) return
    await makeFolder()
    if (building.start) await start()
    return
  }
  try {
    if (await startUnlessMissing(start)) return
    await makeFolder()
    await start()
  } catch (error) {
    if (build !== 'keep' || !(error instanceof VirtError) || error.code === 'cannot-connect') throw hinted(error, wanted)
    await makeSource()
    await start()
  }
}

/** False when the folder is missing that the pool is, or is mounted at. */
async function startUnlessMissing(start: () => Promise<void>): Promise<boolean> {
  try {
    await start()
    return true
  } catch (error) {
    if (error instanceof VirtError && (error.errno === constants.errno.ENOENT || /mount point .*does not exist/.test(error.message))) return false
    throw error
  }
}

/** What is made on a blank device cannot be taken back by libvirt; createPool tells of it. */
function fileSystem({ spec }: NewPool) {
  const [device = ''] = spec.sourceDevices ?? []
  return { leaves: `the file system on ${device}`, removeBy: sh`wipefs -a ${device}`, undo: () => undefined }
}

/** libvirt found something on the device. @throws BayError `exists` */
function refusal(error: unknown, { spec: { type, sourceDevices = [] } }: NewPool): never {
  if (!(error instanceof VirtError) || error.code !== 'exists') return plainly(error)
  const way = poolTypeTable[type]?.overwrites ? ['--overwrite makes it anew; all that is on it is lost'] : []
  throw error.restated(`${sourceDevices.join(', ')} is not blank: ${error.message.replace(/^Storage pool already built: /, '')}`, [
    'wipefs DEVICE shows what is on it, and changes nothing', ...way,
  ])
}

function hinted(error: unknown, { spec: { type, sourceDevices = [] }, build }: NewPool): unknown {
  const builds = poolTypeTable[type]?.builds
  if (build !== undefined || builds === undefined || !(error instanceof VirtError) || error.code === 'cannot-connect') return error
  const where = sourceDevices.length === 0 ? ' --source-device DEVICE' : ''
  return error.restated(error.message, [...error.hints, `if there is no ${builds.replace(/^an? /, '')} yet: --build${where} makes one on a blank device`])
}
