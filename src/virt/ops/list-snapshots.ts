import { readMark, readSnapshot, type SnapshotDescription } from '../../xml/snapshot.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'
import { listDomains, snapshotXml } from '../flags.js'
import type { Snapshot } from '../snapshot.js'
import { unlessGone } from './gone.js'

export interface SnapshotRow {
  vm: string
  name: string
  parent: string | null
  /** whether the machine goes on from it */
  current: boolean
  /** ISO 8601 */
  created: string
  /** of the machine, when it was taken: `running`, `paused`, `off`; for disks alone of a running one `disks` */
  state: string
  /** where the disks are kept: in themselves, or below new layers */
  kind: 'internal' | 'external'
  memory: boolean
  group: string | null
  /** named by bay itself, and so one of those that --keep counts */
  auto: boolean
  description: string | null
  /** how many snapshots it stands on; the rows come as a tree */
  depth: number
}

/** A machine's snapshots, each below the one that it stands on, else by their time. */
export function snapshotsOf(domain: Domain): SnapshotRow[] {
  const vm = domain.name()
  using snapshots = domain.snapshots()
  const read = (snapshot: Snapshot) => rowOf(vm, readSnapshot(snapshot.xml()), snapshot.isCurrent())
  const rows = snapshots.flatMap((snapshot) => unlessGone(() => read(snapshot), failure.noSnapshot) ?? [])
  return asTree(rows)
}

/** The same of every machine that has any: they are asked about only where there are some. */
export function allSnapshots(connection: Connection): SnapshotRow[] {
  using domains = connection.domains(listDomains.hasSnapshot)
  return domains.flatMap((domain) => unlessGone(() => snapshotsOf(domain), failure.noDomain) ?? [])
    .sort((a, b) => a.vm.localeCompare(b.vm, 'en', { numeric: true }))
}

/** All that is known of a machine's snapshots, with the passwords of what they keep. */
export function readSnapshots(domain: Domain): SnapshotDescription[] {
  using snapshots = domain.snapshots()
  return snapshots.map((snapshot) => readSnapshot(wholeXml(snapshot)))
}

/** With its passwords, unless the connection is a read-only one, as of a dry run. */
function wholeXml(snapshot: Snapshot): string {
  try {
    return snapshot.xml(snapshotXml.secure)
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-allowed') return snapshot.xml()
    throw error
  }
}

function rowOf(vm: string, read: SnapshotDescription, current: boolean): SnapshotRow {
  const { text, mark } = readMark(read.description)
  return {
    vm, name: read.name, parent: read.parent, current, created: read.created.toISOString(), state: states[read.state] ?? read.state,
    kind: isExternal(read) ? 'external' : 'internal', memory: read.memory !== 'no',
    group: mark?.group ?? null, auto: mark?.auto ?? false, description: text, depth: 0,
  }
}

export function isExternal({ memory, disks }: SnapshotDescription): boolean {
  return memory === 'external' || disks.some(({ kind }) => kind === 'external')
}

const states: Record<string, string> = { 'shutoff': 'off', 'disk-snapshot': 'disks' }

function asTree(rows: readonly SnapshotRow[]): SnapshotRow[] {
  const names = new Set(rows.map(({ name }) => name))
  const below = (parent: string | null, depth: number): SnapshotRow[] => rows
    .filter((row) => (row.parent !== null && names.has(row.parent) ? row.parent : null) === parent)
    .sort((a, b) => a.created.localeCompare(b.created) || a.name.localeCompare(b.name, 'en', { numeric: true }))
    .flatMap((row) => [{ ...row, depth }, ...below(row.name, depth + 1)])
  return below(null, 0)
}
