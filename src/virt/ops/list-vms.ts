import type { Connection } from '../connection.js'
import { domainReason, domainState } from '../enums.js'
import { listDomains, stats } from '../flags.js'
import type { DomainStats } from '../stats.js'
import { hostAddresses, type OpenForAgents } from './host-addresses.js'
import { readStats } from './read-stats.js'
import { currentOnes, type KnownAddress } from './vm-addresses.js'

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
  /** those that its present run has */
  addresses: string[]
  /** with where each is known from, and leases that are not of its present run */
  addressDetails: KnownAddress[]
}

export interface VmList {
  rows: VmRow[]
  /** the names of running machines that there was no time to ask for addresses */
  unasked: string[]
}

/**
 * All machines of a host in a fixed number of calls: their statistics in one, three lists for what statistics leave out,
 * and for the running ones their addresses (hostAddresses), which only costs more for machines that have no lease.
 */
export async function listVms(connection: Connection, openForAgents: OpenForAgents): Promise<VmList> {
  const records = readStats(connection, stats.state | stats.cpu | stats.balloon | stats.vcpu, { running: false })
  const [autostart, transient, saved] = [listDomains.autostart, listDomains.transient, listDomains.managedSave]
    .map((flag) => uuidsOf(connection, flag))
  const { known, unasked } = records.some(({ id }) => id !== null)
    ? await hostAddresses(connection, openForAgents)
    : { known: new Map<string, KnownAddress[]>(), unasked: [] }
  const rows = records.map((record) => {
    const row = basicsOf(connection, record)
    const state = row.state === 'off' && saved?.has(record.uuid) ? 'saved' : row.state
    const addresses = known.get(record.uuid) ?? []
    return {
      ...row, state, autostart: autostart?.has(record.uuid) ?? false, persistent: !transient?.has(record.uuid),
      addresses: currentOnes(addresses), addressDetails: addresses,
    }
  })
  return { rows, unasked }
}

function uuidsOf(connection: Connection, flag: number): Set<string> {
  using domains = connection.domains(flag)
  return new Set(domains.map((domain) => domain.uuid()))
}

/** What the statistics of state, CPU, balloon and vCPUs say. */
export function basicsOf(connection: Connection, { name, uuid, id, values }: DomainStats) {
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
