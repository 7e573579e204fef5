import { diskFiles, readSnapshot } from '../../xml/snapshot.js'
import type { Domain } from '../domain.js'
import type { Snapshot } from '../snapshot.js'
import { snapshotsOf, type SnapshotRow } from './list-snapshots.js'

export interface SnapshotDetails extends Omit<SnapshotRow, 'depth'> {
  /** the file that holds the memory of an external one */
  memoryFile: string | null
  /** what it keeps: the file that holds each disk as it was; null for a disk that it does not keep */
  disks: { target: string, kind: 'internal' | 'external' | 'no', path: string | null }[]
}

/** A snapshot, and where what it keeps is. */
export function describeSnapshot(domain: Domain, snapshot: Snapshot): SnapshotDetails {
  const read = readSnapshot(snapshot.xml())
  const row = snapshotsOf(domain).find(({ name }) => name === read.name)
  if (!row) throw new TypeError(`the snapshot ${read.name} is not in its own list`)
  const { depth: _depth, ...rest } = row
  const files = diskFiles(read.domain)
  return {
    ...rest, memoryFile: read.memoryFile,
    disks: read.disks.map(({ target, kind }) => ({ target, kind, path: kind === 'no' ? null : files.get(target) ?? null })),
  }
}
