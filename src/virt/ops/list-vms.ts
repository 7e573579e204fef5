import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { domainReason, domainState } from '../enums.js'
import { VirtError, failure } from '../errors.js'
import { listDomains, stats } from '../flags.js'
import type { DomainStats } from '../stats.js'
import { activeLeases, type LeasesByMac } from './leases-by-mac.js'
import { macOf } from './mac.js'

/** A row of `vm list`: a part of what `vm show` says of a machine. Bytes and seconds. */
export interface VmRow {
  name: string
  uuid: string
  /** `saved` is a machine that is off, with its memory kept */
  state: string
  reason: string
  id: number | null
  persistent: boolean
  autostart: boolean
  vcpus: number | null
  maxVcpus: number | null
  memory: number | null
  maxMemory: number | null
  cpuTime: number | null
  addresses: string[]
}

/**
 * All machines of a host in a fixed number of calls: their statistics in one, three lists for what statistics leave out,
 * and the leases of each running network. Only a running machine whose lease cannot be found by the MAC that its UUID
 * gives (macOf) costs a call of its own, and only where there are leases at all.
 */
export function listVms(connection: Connection): VmRow[] {
  const records = readStats(connection)
  const [autostart, transient, saved] = [listDomains.autostart, listDomains.transient, listDomains.managedSave]
    .map((flag) => uuidsOf(connection, flag))
  const leases: LeasesByMac = records.some(({ id }) => id !== null) ? activeLeases(connection) : new Map<string, never[]>()
  return records.map((record) => {
    const row = rowOf(connection, record)
    const state = row.state === 'off' && saved?.has(record.uuid) ? 'saved' : row.state
    return {
      ...row, state, autostart: autostart?.has(record.uuid) ?? false, persistent: !transient?.has(record.uuid),
      addresses: record.id === null ? [] : addressesOf(connection, record, leases),
    }
  })
}

/** A machine whose job is stuck must not make the list wait: virDomainGetStats' NOWAIT */
const noWait = 0x2000_0000

function readStats(connection: Connection): DomainStats[] {
  const wanted = stats.state | stats.cpu | stats.balloon | stats.vcpu
  try {
    return connection.domainStats(wanted, noWait)
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.invalidArgument, failure.noSupport, failure.argumentUnsupported)) {
      return connection.domainStats(wanted)
    }
    throw error
  }
}

function uuidsOf(connection: Connection, flag: number): Set<string> {
  using domains = connection.domains(flag)
  return new Set(domains.map((domain) => domain.uuid()))
}

function rowOf(connection: Connection, { name, uuid, id, values }: DomainStats) {
  const number = (key: string) => values.get(key) as number | undefined
  const state = domainState(number('state.state') ?? 0)
  const vcpus = number('vcpu.current')
  const base = { name, uuid, id, state, reason: domainReason(state, number('state.reason') ?? 0) }
  if (vcpus === undefined) return { ...base, ...smallInfo(connection, uuid) }
  return {
    ...base, vcpus, maxVcpus: number('vcpu.maximum') ?? vcpus,
    memory: kibibytes(number('balloon.current')), maxMemory: kibibytes(number('balloon.maximum')),
    cpuTime: id === null ? null : seconds(number('cpu.time')),
  }
}

/** For drivers inside this process, whose statistics hold no more than the state: asking them costs no round trip. */
function smallInfo(connection: Connection, uuid: string) {
  using domain = connection.domainByUuid(uuid)
  const { vcpus, memory, maxMemory, cpuTime, state } = domain.info()
  return { vcpus, maxVcpus: vcpus, memory, maxMemory, cpuTime: state === 'off' ? null : cpuTime }
}

function kibibytes(value: number | undefined): number | null {
  return value === undefined ? null : value * 1024
}

function seconds(nanoseconds: number | undefined): number | null {
  return nanoseconds === undefined ? null : nanoseconds / 1e9
}

function addressesOf(connection: Connection, { uuid }: DomainStats, leases: LeasesByMac): string[] {
  if (leases.size === 0) return []
  const own = leases.get(macOf(uuid))
  if (own) return own.map(({ address }) => address)
  return macsOf(connection, uuid).flatMap((mac) => leases.get(mac) ?? []).map(({ address }) => address)
}

/** A machine may be gone since the list was read. */
function macsOf(connection: Connection, uuid: string): string[] {
  try {
    using domain = connection.domainByUuid(uuid)
    return readDomain(domain.xml()).nics.flatMap(({ mac }) => mac ?? [])
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noDomain)) return []
    throw error
  }
}
