import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain } from '../../xml/domain-description.js'
import { putSource } from '../../xml/domain-disks.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { diskFiles, readSnapshot, type SnapshotDescription } from '../../xml/snapshot.js'
import { all, attr, child, remove, upsert } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { restore, revert, snapshotCreate, snapshotXml } from '../flags.js'
import { redefine, storedDefinition } from './change-definition.js'
import { makeLayer } from './create-snapshot.js'
import { refuseMoved } from './delete-snapshot.js'
import { recordChange } from './history.js'
import { journalFor } from './journal.js'
import { isExternal, readSnapshots } from './list-snapshots.js'
import { placeOf } from './plan-deletion.js'
import { planLayer, type PlannedLayer } from './plan-snapshot.js'
import { isSaved, refuseSaved } from './refuse-saved.js'
import { refreshPoolsOf, removeFiles } from './remove-files.js'
import { Rollback } from './rollback.js'
import { VolumeUse } from './volume-use.js'

export interface RevertOptions {
  /** pull the plug of a machine that runs, and forget the memory of one that is saved */
  force: boolean
  signal: AbortSignal
  step: (text: string) => void
}

const command = 'snapshot revert'

/**
 * Brings a machine back to what a snapshot kept: its definition and disks, and its memory where that was kept. Of an external
 * snapshot it goes on with new layers, so that the snapshot stays as it is; the layers that it had go unless a snapshot needs them.
 * Whoever calls has the machine's name for itself. @throws BayError `wrong-state` while it runs or is saved, without force
 */
export async function revertSnapshot(connection: Connection, domain: Domain, name: string, options: RevertOptions): Promise<void> {
  using snapshot = domain.snapshot(name)
  const xml = snapshot.xml(snapshotXml.secure)
  const read = readSnapshot(xml)
  refuseState(domain, name, options)
  const saved = isSaved(domain)
  const before = storedDefinition(domain)
  if (!isExternal(read)) {
    refuseMoved(domain, read)
    options.step(`going back to ${name}`)
    using record = recordChange(connection, domain, { command, before })
    await snapshot.revert(options.force ? revert.force : 0)
    if (saved) domain.discardSavedState()
    record.keep(storedDefinition(domain))
    return
  }
  const layers = planLayers(connection, domain.name(), read)
  if (domain.isActive()) {
    options.step('pulling its plug')
    await domain.destroy()
  }
  const now = diskFiles(parse(before))
  const replaced = await layersThatGo(connection, domain, layers.flatMap(({ target }) => now.get(target) ?? []))
  await removing(connection, domain, replaced, () => putBack(connection, domain, read, { layers, before, options }), async () => {
    using _current = await domain.createSnapshot(xml, snapshotCreate.redefine | snapshotCreate.current)
    await removeFiles(connection, domain, replaced)
  })
  // It belongs to the disks that are gone.
  if (saved) domain.discardSavedState()
  if (read.memoryFile === null) return
  options.step('restoring its memory')
  await connection.restore(read.memoryFile, withLayers(read.domain, layers), read.state === 'paused' ? restore.paused : restore.running)
}

/** Of the disks that it has now the layers over what snapshots keep: another disk that was attached since is not lost. */
async function layersThatGo(connection: Connection, domain: Domain, now: readonly string[]): Promise<string[]> {
  const needed = new Set(readSnapshots(domain).flatMap((each) => [...diskFiles(each.domain).values()]))
  await refreshPoolsOf(connection, [...needed])
  const use = VolumeUse.layers(connection)
  const own = new Set([...needed].flatMap((path) => use.layersOver({ pool: '', name: '', path })).map((each) => use.pathOf(each)))
  return now.filter((path) => own.has(path) && !needed.has(path))
}

/** Written down before the machine is defined anew: `bay recover` removes what of it nobody uses then, and keeps the rest. */
async function removing(
  connection: Connection, domain: Domain, paths: readonly string[], change: () => Promise<void>, remove: () => Promise<void>,
): Promise<void> {
  using journal = journalFor(connection, { command, name: domain.name() })
  const volumes = paths.flatMap((path) => placeOf(connection, { path, pool: null, volume: null }) ?? [])
  const records = volumes.map(({ pool, poolUuid, name }) => ({ kind: 'volume', pool, poolUuid, name } as const))
  const steps = records.length > 0 ? await journal?.planRemoval(records) ?? [] : []
  try {
    await change()
  } catch (error) {
    journal?.over(...steps)
    throw error
  }
  await remove()
  journal?.over(...steps)
}

/** What speaks against going back, as far as a look tells. @throws as `revertSnapshot` */
export function judgeRevert(connection: Connection, domain: Domain, name: string, { force }: Pick<RevertOptions, 'force'>): void {
  using snapshot = domain.snapshot(name)
  const read = readSnapshot(snapshot.xml())
  refuseState(domain, name, { force })
  if (isExternal(read)) planLayers(connection, domain.name(), read)
  else refuseMoved(domain, read)
}

interface PutBack { layers: readonly PlannedLayer[], before: string, options: RevertOptions }

async function putBack(
  connection: Connection, domain: Domain, read: SnapshotDescription, { layers, before, options }: PutBack,
): Promise<void> {
  using journal = journalFor(connection, { command, name: domain.name() })
  await using rollback = new Rollback(undefined, journal)
  for (const layer of layers) {
    options.signal.throwIfAborted()
    options.step(`creating layer ${layer.pool}/${layer.name}`)
    await makeLayer(connection, layer, rollback)
  }
  options.signal.throwIfAborted()
  using _now = redefine(connection, domain, withLayers(read.stored, layers), { command, before })
  rollback.keep()
}

/** New layers over what the snapshot keeps, by names that are free. */
function planLayers(connection: Connection, vm: string, read: SnapshotDescription): PlannedLayer[] {
  if (!read.stored) throw new BayError('failed', `the snapshot ${read.name} of ${vm} does not say how the machine was defined`)
  const kept = new Set(read.disks.filter(({ kind }) => kind === 'external').map(({ target }) => target))
  const files = diskFiles(read.domain)
  const suffix = `${read.name}-${new Date().toISOString().replaceAll(/\D/g, '').slice(8, 17)}`
  return readDomain(serialize(read.stored)).disks.filter(({ target }) => kept.has(target))
    .map((disk) => planLayer(connection, vm, { ...disk, path: files.get(disk.target) ?? disk.path }, suffix))
}

function withLayers(domain: XmlElement | null, layers: readonly PlannedLayer[]): string {
  if (!domain) throw new TypeError('a snapshot without a definition')
  for (const disk of all(domain, 'devices/disk')) {
    const layer = layers.find(({ target }) => target === attr(child(disk, 'target'), 'dev'))
    if (!layer) continue
    putSource(disk, layer.path)
    remove(disk, 'backingStore')
    upsert(disk, 'driver', { type: 'qcow2' })
  }
  return serialize(domain)
}

function refuseState(domain: Domain, snapshot: string, { force }: Pick<RevertOptions, 'force'>): void {
  if (force) return
  const vm = domain.name()
  const forced = sh`bay snapshot revert --force ${vm} ${snapshot}`
  if (domain.isActive()) throw new BayError('wrong-state', `${vm} is running`, { hints: [sh`bay vm stop ${vm}`, `${forced} to pull its plug`] })
  refuseSaved(domain, `${forced} to lose its memory too`)
}
