import type { Connection } from '../connection.js'
import { domainState } from '../enums.js'
import { failure } from '../errors.js'
import { stats } from '../flags.js'
import type { Network } from '../network.js'
import type { StoragePool } from '../pool.js'
import { versionText } from './describe-host.js'
import { unlessGone } from './gone.js'
import { readStats } from './read-stats.js'
import { sampleVms, type VmSample } from './sample-vms.js'

/** A host in figures. Bytes; null is what it does not tell. */
export interface HostSample {
  host: { name: string, type: string, libvirt: string, cpus: number, memory: number, memoryFree: number | null }
  /** those that run */
  vms: VmSample[]
  /** all, in whatever state */
  machines: { name: string, state: string }[]
  pools: PoolSample[]
  networks: { name: string, active: boolean, leases: number | null }[]
}

export interface PoolSample {
  name: string
  state: string
  capacity: number | null
  allocation: number | null
  available: number | null
}

/** All machines in two calls, each pool and each network in two or three. */
export function sampleHost(connection: Connection): HostSample {
  const { cpus, memory } = connection.nodeInfo()
  const vms = sampleVms(connection, { all: false })
  const machines = readStats(connection, stats.state, { running: false })
    .map(({ name, values }) => ({ name, state: domainState(Number(values.get('state.state') ?? 0)) }))
  using pools = connection.pools()
  using networks = connection.networks()
  return {
    host: {
      name: connection.hostname(), type: connection.type(), libvirt: versionText(connection.libraryVersion()), cpus, memory,
      memoryFree: connection.memoryStats()?.free ?? null,
    },
    vms, machines,
    pools: pools.flatMap((pool) => unlessGone(() => samplePool(pool), failure.noPool) ?? []),
    networks: networks.flatMap((network) => unlessGone(() => sampleNetwork(network), failure.noNetwork) ?? []),
  }
}

function samplePool(pool: StoragePool): PoolSample {
  const { state, capacity, allocation, available } = pool.info()
  const name = pool.name()
  return state === 'inactive' ? { name, state, capacity: null, allocation: null, available: null } : { name, state, capacity, allocation, available }
}

function sampleNetwork(network: Network): { name: string, active: boolean, leases: number | null } {
  const active = network.isActive()
  const leases = active ? unlessGone(() => network.leases().length, failure.noSupport, failure.operationInvalid) ?? null : null
  return { name: network.name(), active, leases }
}
