import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
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
import { asDeleted, mergeView, planMerges } from './plan-merges.js'
import { refuseSaved } from './refuse-saved.js'
import { refreshPoolsOf, removeFiles } from './remove-files.js'

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
  refuseSaved(domain)
  await refreshPoolsOf(connection, [...diskFiles(read.domain).values()])
  const merges = planMerges(mergeView(connection, domain), read)
  const recorded = () => recordChange(connection, domain, { command: 'snapshot delete', before: storedDefinition(domain) })
  using record = domain.isPersistent() ? recorded() : null
  for (const { target, base, layer } of merges) {
    if (layer === null) continue
    report.step(`merging ${layer} into ${base}`)
    await mergeLayer(connection, domain, { target, base, layer }, report)
    await moveReferences(connection, domain, { layer, base }, { but: name })
  }
  await snapshot.delete(snapshotDelete.metadataOnly)
  record?.keep(storedDefinition(domain))
  const files = merges.flatMap(({ base, layer, empty }) => [layer ?? base, ...empty])
  await removeFiles(connection, domain, [...files, ...read.memoryFile === null ? [] : [read.memoryFile]])
}

/**
 * What speaks against deleting some snapshots in this order, as far as a look tells: each is judged as the ones before it would
 * leave the machine. @throws as `deleteSnapshot`
 */
export async function judgeDeletions(connection: Connection, domain: Domain, names: readonly string[]): Promise<void> {
  await refreshPoolsOf(connection, readSnapshots(domain).flatMap((each) => [...diskFiles(each.domain).values()]))
  const view = mergeView(connection, domain)
  for (const name of names) {
    const read = view.snapshots.find((each) => each.name === name)
    if (!read) continue
    if (isExternal(read)) refuseSaved(domain)
    else refuseMoved(domain, read, view.now)
    asDeleted(view, read, isExternal(read) ? planMerges(view, read) : [])
  }
}

/** libvirt looks for an internal snapshot in the disks that the machine has now. */
export function refuseMoved(
  domain: Domain, read: SnapshotDescription, now = diskFiles(parse(domain.xml(domainXml.inactive))),
): void {
  const then = diskFiles(read.stored)
  const moved = read.disks.find(({ target, kind }) => kind === 'internal' && now.get(target) !== then.get(target))
  if (!moved) return
  const vm = domain.name()
  throw new BayError('wrong-state', `the snapshot ${read.name} is inside of ${then.get(moved.target)}, and ${vm} has a layer over it now`, {
    hints: [sh`delete the external snapshots below it first: bay snapshot list ${vm}`],
  })
}
