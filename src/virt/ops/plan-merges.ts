import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { parse } from '../../xml/node.js'
import { diskFiles, type SnapshotDescription } from '../../xml/snapshot.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { domainXml } from '../flags.js'
import type { Merge } from './commit-layer.js'
import { isExternal, readSnapshots } from './list-snapshots.js'
import { move } from './move-references.js'
import { VolumeUse } from './volume-use.js'

/** What becomes of one disk when an external snapshot is deleted. */
export interface PlannedMerge extends Omit<Merge, 'layer'> {
  /** null when nothing builds on what the snapshot kept */
  layer: string | null
  /** layers that were merged by a run that died */
  empty: string[]
}

/** A machine with its disks and snapshots, and who uses which volume: as it is, or as merges would leave it. */
export interface MergeView {
  vm: string
  use: VolumeUse
  snapshots: SnapshotDescription[]
  /** the file of each disk, by its target */
  now: Map<string, string>
}

export function mergeView(connection: Connection, domain: Domain): MergeView {
  const now = diskFiles(parse(domain.xml(domain.isActive() ? 0 : domainXml.inactive)))
  return { vm: domain.name(), use: VolumeUse.read(connection), snapshots: readSnapshots(domain), now }
}

/**
 * What is to be merged for each disk of an external snapshot. @throws BayError `wrong-state` when others build on what it keeps, or
 * when what was written since is nobody's
 */
export function planMerges({ vm: name, use, snapshots, now }: MergeView, read: SnapshotDescription): PlannedMerge[] {
  const others = snapshots.filter((each) => each.name !== read.name)
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

/** Lets the view be as it is once the snapshot is deleted. */
export function asDeleted(view: MergeView, read: SnapshotDescription, merges: readonly PlannedMerge[]): void {
  const { use, now } = view
  view.snapshots = view.snapshots.filter((each) => each !== read)
  const documents = view.snapshots.flatMap(({ domain, stored }) => [domain, stored])
  for (const { target, base, layer, empty } of merges) {
    for (const path of empty) use.forget({ path })
    if (layer === null) {
      const isKept = [...now.values(), ...documents.flatMap((each) => [...diskFiles(each).values()])].includes(base)
      if (!isKept) use.forget({ path: base })
      continue
    }
    use.merge(layer, base)
    if (now.get(target) === layer) now.set(target, base)
    for (const each of documents) move(each ?? undefined, { layer, base, format: 'qcow2' })
  }
}

/** The file in which an external snapshot keeps a disk. */
function keepsIn({ disks, domain }: SnapshotDescription, target: string): string | undefined {
  return disks.some((disk) => disk.target === target && disk.kind === 'external') ? diskFiles(domain).get(target) : undefined
}

/** The disk was taken from the machine since, and its newest content is nobody's: it must not go with the snapshot. */
function leftAlone(vm: string, snapshot: string, { target, layers }: { target: string, layers: readonly string[] }): BayError {
  const [layer = ''] = layers
  return new BayError('wrong-state', `${vm} has not the disk ${target} any more that the snapshot ${snapshot} keeps: what was written to it since is in ${layer}`, {
    hints: [sh`bay vm attach disk --target=${target} ${vm} ${layer}, and then this again`, 'bay vol delete, when nobody needs it: the snapshot can then be deleted with what it keeps'],
  })
}

function builtOn(vm: string, snapshot: string, layers: readonly string[]): BayError {
  return new BayError('wrong-state', `several layers build on what the snapshot ${snapshot} of ${vm} keeps: ${layers.join(', ')}`, {
    hints: [sh`delete the snapshots below it first, but for one line: bay snapshot list ${vm}`],
  })
}
