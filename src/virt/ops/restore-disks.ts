import { BayError } from '../../errors.js'
import { serialize } from '../../xml/node.js'
import { volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import type { BackedUpDisk } from './backup-manifest.js'
import type { WholeBackup } from './backup-store.js'
import { flattenInto } from './flatten.js'
import { unlessGone } from './gone.js'
import type { Journal } from './journal.js'
import { makeVolume } from './make-volume.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'

export interface RestoreWork {
  /** the pool for the new disks */
  pool: StoragePool
  rollback: Rollback
  journal: Journal | undefined
  signal: AbortSignal
  step: (text: string) => void
  moved: (done: number, total: number) => void
}

export interface RestoredDisk { target: string, pool: string, volume: string, path: string }

/** Makes the disks of the last backup of a chain as new volumes, named as `vm create` does, or with the next free number. */
export async function restoreDisks(
  connection: Connection, chain: readonly WholeBackup[], name: string, work: RestoreWork,
): Promise<RestoredDisk[]> {
  const { pool, step } = work
  const disks: RestoredDisk[] = []
  for (const disk of chain.at(-1)?.manifest.disks ?? []) {
    const volume = freeVolume(pool, name, disks.length, disk)
    step(`restoring ${disk.target} as ${pool.name()}/${volume}`)
    const layers = layersOf(chain, disk.target)
    const path = await (layers.at(-1)?.backup.files.volumes ? copyDisk : writeDisk)(connection, { disk, volume, layers }, work)
    disks.push({ target: disk.target, pool: pool.name(), volume, path })
  }
  return disks
}

interface Layer { backup: WholeBackup, file: string }

interface DiskToRestore { disk: BackedUpDisk, volume: string, layers: readonly Layer[] }

/** Out of a pool: the host copies what is in the uppermost layer and below. That it lies on the right ones was verified. */
async function copyDisk(
  connection: Connection, { disk, volume, layers }: DiskToRestore, { pool, rollback }: RestoreWork,
): Promise<string> {
  const top = layers.at(-1)
  const volumes = top?.backup.files.volumes
  if (!top || !volumes) throw new BayError('failed', `the backup has nothing of the disk ${disk.target}`)
  using holder = connection.pool(volumes.pool)
  using source = holder.volume(volumes.nameOf(top.file))
  const xml = serialize(volumeElement({ name: volume, capacity: disk.capacity, format: disk.format }))
  using copy = await makeVolume(connection, pool, volume, rollback, () => whilePoolIsBusy(() => pool.cloneVolume(xml, source)))
  return copy.path()
}

/** Out of a folder: the content goes into a raw volume; a qcow2 disk is the host's own copy of that, which then goes. */
async function writeDisk(
  connection: Connection, { disk, volume, layers }: DiskToRestore, { pool, rollback, journal, signal, moved }: RestoreWork,
): Promise<string> {
  const raw = disk.format === 'raw'
  await using passing = new Rollback(undefined, journal)
  const first = raw ? volume : `${volume}.raw`
  const rawXml = serialize(volumeElement({ name: first, capacity: disk.capacity, format: 'raw' }))
  using content = await makeVolume(connection, pool, first, raw ? rollback : passing, () => pool.createVolume(rawXml))
  await flattenInto(content, layers.map(({ backup, file }) => `${backup.path}/${file}`), signal, moved)
  if (raw) return content.path()
  const xml = serialize(volumeElement({ name: volume, capacity: disk.capacity, format: disk.format }))
  using copy = await makeVolume(connection, pool, volume, rollback, () => whilePoolIsBusy(() => pool.cloneVolume(xml, content)))
  return copy.path()
}

/** The files that hold one disk, from the last full one on. */
function layersOf(chain: readonly WholeBackup[], target: string): Layer[] {
  const layers: Layer[] = []
  for (const backup of chain) {
    const disk = backup.manifest.disks.find((each) => each.target === target)
    if (!disk || disk.kind === 'full') layers.length = 0
    if (disk) layers.push({ backup, file: disk.file })
  }
  return layers
}

/** As `vm create` names them; with a number more where that is taken. */
function freeVolume(pool: StoragePool, name: string, index: number, { format }: BackedUpDisk): string {
  const end = format === 'raw' ? 'img' : format
  for (let number = index + 1; ; number += 1) {
    const volume = `${name}${number === 1 ? '' : `-${number}`}.${end}`
    using found = unlessGone(() => pool.volume(volume), failure.noVolume)
    if (found === null) return volume
  }
}
