import { BayError } from '../../errors.js'
import { diskFiles, readSnapshot, type SnapshotDescription } from '../../xml/snapshot.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { domainXml, snapshotDelete, snapshotXml } from '../flags.js'
import { parse } from '../../xml/node.js'
import { storedDefinition } from './change-definition.js'
import type { MergeReport } from './commit-layer.js'
import { recordChange } from './history.js'
import { isExternal, readSnapshots } from './list-snapshots.js'
import { mergeLayer } from './merge-layer.js'
import { moveReferences } from './move-references.js'
import { refreshPoolsOf, removeFiles } from './remove-files.js'
import { VolumeUse } from './volume-use.js'

/**
 * Deletes a snapshot. An internal one goes from its disks. Of an external one, what was written since is moved into the file that
 * it kept, which the machine goes on with; then the empty layer goes. Killed or interrupted midway, the machine is whole, and the
 * same again finishes it; only the snapshot's own state is spoilt. Whoever calls has the machine's name for itself.
 * @throws BayError `wrong-state` when other snapshots or machines build on what it keeps
 */
export async function deleteSnapshot(connection: Connection, domain: Domain, name: string, report: MergeReport): Promise<void> {
  using snapshot = domain.snapshot(name)
  const read = readSnapshot(snapshot.xml(snapshotXml.secure))
  report.step(`deleting snapshot ${name}`)
  if (!isExternal(read)) {
    refuseMoved(domain, read)
    await snapshot.delete()
    return
  }
  await refreshPoolsOf(connection, [...diskFiles(read.domain).values()])
  const merges = planMerges(connection, domain, read)
  const recorded = () => recordChange(connection, domain, { command: 'snapshot delete', before: storedDefinition(domain) })
  using record = domain.isPersistent() ? recorded() : null
  for (const { target, base, layer } of merges) {
    if (layer === null) continue
    report.step(`merging ${layer} into ${base}`)
    await mergeLayer(connection, domain, { target, base, layer }, report)
    await moveReferences(domain, layer, base, { but: name })
  }
  await snapshot.delete(snapshotDelete.metadataOnly)
  record?.keep(storedDefinition(domain))
  const files = merges.flatMap(({ base, layer, empty }) => [layer ?? base, ...empty])
  await removeFiles(connection, domain, [...files, ...read.memoryFile === null ? [] : [read.memoryFile]])
}

/** What speaks against deleting a snapshot, as far as a look tells. @throws as `deleteSnapshot` */
export function judgeDeletion(connection: Connection, domain: Domain, name: string): void {
  using snapshot = domain.snapshot(name)
  const read = readSnapshot(snapshot.xml())
  if (isExternal(read)) planMerges(connection, domain, read)
  else refuseMoved(domain, read)
}

interface Merge {
  target: string
  base: string
  layer: string | null
  /** layers that were merged by a run that died */
  empty: string[]
}

/** What is to be merged for each disk: null as layer when nothing builds on what the snapshot kept. */
function planMerges(connection: Connection, domain: Domain, read: SnapshotDescription): Merge[] {
  const name = domain.name()
  const use = VolumeUse.read(connection)
  const others = readSnapshots(domain).filter((each) => each.name !== read.name)
  const now = diskFiles(parse(domain.xml(domain.isActive() ? 0 : domainXml.inactive)))
  const files = diskFiles(read.domain)
  const isNeeded = (layer: string) => use.layersOver({ pool: '', name: '', path: use.pathOf(layer) }).length > 0
    || use.machinesOn({ pool: '', name: '', path: use.pathOf(layer) }).length > 0
    || others.some((each) => [...diskFiles(each.domain).values()].includes(use.pathOf(layer)))
  return read.disks.filter(({ kind }) => kind === 'external').map(({ target, layer: first }) => {
    const base = files.get(target)
    if (base === undefined) throw new BayError('failed', `the snapshot ${read.name} of ${name} does not say where it keeps ${target}`)
    const all = use.layersOver({ pool: '', name: '', path: base })
    const over = all.filter((each) => use.pathOf(each) !== first || isNeeded(each))
    const empty = all.filter((each) => !over.includes(each)).map((each) => use.pathOf(each))
    // A run that was killed has merged it, and told the next snapshot so: one more merge would spoil that one.
    const isMerged = others.some((each) => keepsIn(each, target) === base)
    if (now.get(target) === base || isMerged) return { target, base, layer: null, empty }
    if (over.length > 1) throw builtOn(name, read.name, over)
    const [only] = over
    if (only === undefined && empty.length > 0) throw leftAlone(name, read.name, { target, layers: empty })
    if (only === undefined) return { target, base, layer: null, empty }
    const layer = use.pathOf(only)
    if (others.some((each) => !isExternal(each) && diskFiles(each.domain).get(target) === layer)) {
      throw new BayError('wrong-state', `the layer ${only} has internal snapshots in it, which merging would lose`, { hints: ['delete those first'] })
    }
    if (!use.machinesOn({ pool: '', name: '', path: layer }).includes(name)) {
      throw new BayError('wrong-state', `${only} builds on the snapshot ${read.name}, but ${name} does not use it now`, { hints: ['delete the snapshots below it first'] })
    }
    return { target, base, layer, empty }
  })
}

/** The file in which an external snapshot keeps a disk. */
function keepsIn({ disks, domain }: SnapshotDescription, target: string): string | undefined {
  return disks.some((disk) => disk.target === target && disk.kind === 'external') ? diskFiles(domain).get(target) : undefined
}

/** The disk was taken from the machine since, and its newest content is nobody's: it must not go with the snapshot. */
function leftAlone(vm: string, snapshot: string, { target, layers }: { target: string, layers: readonly string[] }): BayError {
  const [layer = ''] = layers
  return new BayError('wrong-state', `${vm} has not the disk ${target} any more that the snapshot ${snapshot} keeps: what was written to it since is in ${layer}`, {
    hints: [`bay vm attach disk ${vm} ${layer} --target ${target}, and then this again`, 'bay vol delete, when nobody needs it: the snapshot can then be deleted with what it keeps'],
  })
}

function builtOn(vm: string, snapshot: string, layers: readonly string[]): BayError {
  return new BayError('wrong-state', `several layers build on what the snapshot ${snapshot} of ${vm} keeps: ${layers.join(', ')}`, {
    hints: [`delete the snapshots below it first, but for one line: bay snapshot list ${vm}`],
  })
}

/** libvirt looks for an internal snapshot in the disks that the machine has now. */
export function refuseMoved(domain: Domain, read: SnapshotDescription): void {
  const [now, then] = [diskFiles(parse(domain.xml(domainXml.inactive))), diskFiles(read.stored)]
  const moved = read.disks.find(({ target, kind }) => kind === 'internal' && now.get(target) !== then.get(target))
  if (!moved) return
  const vm = domain.name()
  throw new BayError('wrong-state', `the snapshot ${read.name} is inside of ${then.get(moved.target)}, and ${vm} has a layer over it now`, {
    hints: [`delete the external snapshots below it first: bay snapshot list ${vm}`],
  })
}
