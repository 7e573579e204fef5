import type { NetworkMap } from '../../map-model.js'
import { auditFilters } from './audit-filters.js'
import type { Finding } from './check-host-finding.js'
import { checkHost } from './check-host.js'
import { checkNetworks } from './check-networks.js'
import { describeHost, type HostDescription } from './describe-host.js'
import { garbageKinds } from './gc-item.js'
import { rowOf, type GarbageRow } from './gc-row.js'
import { sweep, youngest } from './gc.js'
import type { OpenForAgents } from './host-addresses.js'
import type { Host } from './host.js'
import type { AuditFinding } from './judge-filters.js'
import { listNetworks, type NetworkRow } from './list-networks.js'
import { listPools, type PoolRow } from './list-pools.js'
import { mapNetworks } from './network-map.js'
import { ReportParts, type PartNote } from './report-parts.js'
import { reportVms, type ReportVms } from './report-vms.js'

/** A host as a page tells of it. A part is null when it could not be read: then `unread` says why. */
export interface ReportData {
  /** when it was begun, ISO */
  time: string
  uri: string
  host: HostDescription & { memoryFree: number | null } | null
  machines: ReportVms | null
  pools: Listed<PoolRow> | null
  networks: Listed<NetworkRow> | null
  /** with the machines that `machines` lists */
  map: NetworkMap | null
  /** as `host check`, `net check`, `filter audit` and `gc` say it */
  checks: {
    host: Listed<Finding> | null
    net: Listed<Finding> | null
    filter: Listed<AuditFinding> | null
    gc: Listed<GarbageRow> | null
  }
  /** what was not looked at, and why */
  notes: PartNote[]
  unread: PartNote[]
}

/** As many as a page has room for, of so many. */
export interface Listed<Row> {
  total: number
  rows: Row[]
}

export interface ReportOptions {
  open: (options: { readOnly: boolean }) => Promise<Host>
  openForAgents: OpenForAgents
  /** how many of a kind are listed */
  limit: number
}

/** Looks at all of a host, by the same ways as the commands for each part. @throws BayError when the host cannot be reached */
export async function makeReport({ open, openForAgents, limit }: ReportOptions): Promise<ReportData> {
  const time = new Date().toISOString()
  const host = await open({ readOnly: true })
  const { connection } = host
  const uri = host.shared ? connection.uri() : host.uri
  const parts = new ReportParts(host)
  const some = <Row>(rows: readonly Row[]): Listed<Row> => ({ total: rows.length, rows: rows.slice(0, limit) })
  const noted = <T>(part: string, { findings, notes }: { findings: T[], notes: string[] }) => {
    parts.note(part, notes)
    return some(findings)
  }
  const machines = await parts.read('machines', () => reportVms(connection, { openForAgents, limit }))
  return {
    time, uri, machines,
    host: await parts.read('host', () => ({ ...describeHost(connection, uri), memoryFree: connection.memoryStats()?.free ?? null })),
    pools: await parts.read('pools', () => some(listPools(connection).sort(byFill))),
    networks: await parts.read('networks', () => some(listNetworks(connection).sort(byName))),
    map: machines && await parts.read('map', async () => withOnly(await mapNetworks(connection), machines, limit)),
    checks: {
      host: await parts.read('host check', async () => noted('host check', inOrder(await checkHost(open)))),
      net: await parts.read('net check', () => noted('net check', inOrder(checkNetworks(connection, null)))),
      filter: await parts.read('filter audit', () => noted('filter audit', auditFilters(connection))),
      gc: await parts.read('gc', () => {
        const { items, blocked, notes } = sweep(connection, { kinds: new Set(garbageKinds), olderThan: youngest })
        return noted('gc', { findings: items.map((item) => rowOf(item, blocked.get(item.kind))), notes })
      }),
    },
    notes: parts.notes, unread: parts.unread,
  }
}

/** The map of these machines and of so many networks: all others would make no picture. */
export function withOnly(map: NetworkMap, { rows }: Pick<ReportVms, 'rows'>, limit: number): NetworkMap {
  const machines = new Set(rows.map(({ name }) => name))
  const isListed = ({ name }: { name: string }) => machines.has(name)
  return {
    ...map, unconnected: map.unconnected.filter(isListed),
    networks: map.networks.slice(0, limit).map((network) => ({ ...network, machines: network.machines.filter(isListed) })),
  }
}

const levels: readonly Finding['level'][] = ['problem', 'warning', 'ok']

/** The worst first, so that it is not what a short list leaves out. */
function inOrder({ findings, notes }: { findings: Finding[], notes: string[] }): { findings: Finding[], notes: string[] } {
  return { findings: findings.toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level)), notes }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true })
}

function byFill(a: PoolRow, b: PoolRow): number {
  return filled(b) - filled(a) || byName(a, b)
}

function filled({ allocation, capacity }: PoolRow): number {
  return allocation === null || capacity === null || capacity === 0 ? -1 : allocation / capacity
}
