import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { domainReason, domainState } from '../enums.js'
import { failure } from '../errors.js'
import { stats } from '../flags.js'
import type { DomainStats } from '../stats.js'
import { unlessGone } from './gone.js'
import type { Traffic } from './lease-run.js'
import type { LeasesByMac } from './leases-by-mac.js'
import { macOf } from './mac.js'
import { mayHaveAddress } from './may-have-address.js'
import { readStats } from './read-stats.js'
import { readRun, unmarked } from './run-mark.js'
import { runningMachine, type RunningMachine } from './vm-addresses.js'

export interface HostMachine extends RunningMachine {
  name: string
  uuid: string
  /** whether its guest's agent is connected; null when that was not looked at */
  agent: boolean | null
}

interface Look {
  /** whether a machine's description is worth a call where a card has no lease by the MAC that its UUID gives */
  reads: (unmatched: ReadonlySet<string>) => boolean
}

/** So many marks of runs are asked for, each for one call; beyond, the counters alone tell a lease of an earlier run. */
const mostMarks = 64

/**
 * The running machines of a host, given by their handles, in a fixed number of calls as long as each card has a lease by the MAC
 * that its machine's UUID gives (macOf): the counters of all cards in one. Only the other machines cost a call each. Those of which
 * no address can be known have no cards here.
 */
export function runningMachines(
  connection: Connection, domains: readonly Domain[], leases: LeasesByMac, { reads }: Look,
): HostMachine[] {
  if (domains.length === 0) return []
  const records = leases.size === 0
    ? new Map<string, DomainStats>()
    : new Map(readStats(connection, stats.state | stats.interface, { running: true }).map((record) => [record.uuid, record]))
  const unmatched = new Set(leases.keys())
  let marks = 0
  const known = domains.map((domain) => {
    const uuid = domain.uuid()
    const counters = countersOf(records.get(uuid))
    const macs = counters?.map((_, at) => macOf(uuid, at)) ?? null
    for (const mac of macs ?? []) unmatched.delete(mac)
    return { domain, uuid, counters, macs }
  })
  return known.flatMap(({ domain, uuid, counters, macs }): HostMachine[] => {
    const common = { name: domain.name(), uuid }
    const run = () => ({ mark: (marks += 1) > mostMarks ? unmarked : readRun(domain), reason: reasonOf(records.get(uuid)) })
    const nics = macs?.map((mac, at) => ({ mac, traffic: () => counters?.[at] ?? null })) ?? []
    const complete = macs?.every((mac) => leases.has(mac)) ?? false
    if (complete || !reads(unmatched)) return [{ ...common, nics, run, arp: null, agent: complete ? false : null }]
    const xml = unlessGone(() => domain.xml(), failure.noDomain)
    if (xml === null) return []
    if (!mayHaveAddress(xml, leases)) return [{ ...common, nics: [], run, arp: null, agent: false }]
    const description = readDomain(xml)
    return [{ ...common, ...runningMachine(domain, description.nics), run, agent: description.agentChannel.connected ?? false }]
  })
}

function reasonOf(record: DomainStats | undefined): string {
  const number = (key: string) => Number(record?.values.get(key) ?? 0)
  return domainReason(domainState(number('state.state')), number('state.reason'))
}

/** What each card of a machine has sent and received, in their order; null when libvirt does not tell. */
function countersOf(record: DomainStats | undefined): Traffic[] | null {
  const count = record?.values.get('net.count')
  if (record === undefined || typeof count !== 'number') return null
  const number = (key: string) => {
    const value = record.values.get(key)
    return typeof value === 'number' ? value : -1
  }
  return Array.from({ length: count }, (_, at) => ({ sent: number(`net.${at}.tx.bytes`), received: number(`net.${at}.rx.bytes`) }))
}
