import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import type { OpenForAgents } from './host-addresses.js'
import { listVms, type VmRow } from './list-vms.js'
import { sampleVms, type DiskSample } from './sample-vms.js'

/** Bytes; null is what the host does not tell. */
export interface ReportVm extends Pick<VmRow, 'name' | 'uuid' | 'state' | 'autostart' | 'vcpus' | 'memory' | 'addresses'> {
  title: string | null
  description: string | null
  /** without drives for media */
  disks: Pick<DiskSample, 'target' | 'capacity' | 'allocation'>[]
}

export interface ReportVms {
  total: number
  /** of all, how many are in each state */
  states: Record<string, number>
  rows: ReportVm[]
}

/** The machines that matter most: those that run, then those that should, at most `limit`; only of these documents are read. */
export async function reportVms(
  connection: Connection, { openForAgents, limit }: { openForAgents: OpenForAgents, limit: number },
): Promise<ReportVms> {
  const { rows } = await listVms(connection, openForAgents)
  const states = new Map<string, number>()
  for (const { state } of rows) states.set(state, (states.get(state) ?? 0) + 1)
  const samples = new Map(sampleVms(connection, { all: true }).map(({ uuid, disks }) => [uuid, disks]))
  const listed = rows.toSorted(byWeight).slice(0, limit)
  return {
    total: rows.length, states: Object.fromEntries(states),
    rows: listed.flatMap((row) => reportVm(connection, row, samples.get(row.uuid) ?? []) ?? []),
  }
}

/** null when it went meanwhile. */
function reportVm(connection: Connection, row: VmRow, samples: readonly DiskSample[]): ReportVm | null {
  const { name, uuid, state, autostart, vcpus, memory, addresses } = row
  const xml = unlessGone(() => {
    using domain = connection.domainByUuid(uuid)
    return readDomain(domain.xml())
  }, failure.noDomain)
  if (xml === null) return null
  const disks = xml.disks.filter(({ device }) => device === 'disk' || device === 'lun').map(({ target }) => {
    const sample = samples.find((each) => each.target === target)
    return { target, capacity: sample?.capacity ?? null, allocation: sample?.allocation ?? null }
  })
  return { name, uuid, state, autostart, vcpus, memory, addresses, title: xml.title, description: xml.description, disks }
}

function byWeight(a: VmRow, b: VmRow): number {
  return weight(a) - weight(b) || a.name.localeCompare(b.name, 'en', { numeric: true })
}

function weight({ id, autostart }: VmRow): number {
  if (id !== null) return 0
  return autostart ? 1 : 2
}
