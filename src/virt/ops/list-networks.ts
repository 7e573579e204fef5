import { readNetwork, type NetworkDescription } from '../../xml/network-description.js'
import type { Connection } from '../connection.js'
import { VirtError, failure } from '../errors.js'
import type { Network } from '../network.js'
import { networkLeases, type LeaseRow } from './network-leases.js'

/** A row of `net list`: `net show` without the leases. */
export interface NetworkRow {
  name: string
  uuid: string
  active: boolean
  persistent: boolean
  autostart: boolean
  /** `nat`, `route`, `isolated`, `open`, `bridge` … */
  mode: string
  bridge: string | null
  domain: string | null
  mtu: number | null
  subnets: NetworkDescription['subnets']
}

export interface NetworkDetails extends NetworkRow {
  leases: LeaseRow[]
}

/** All networks of a host, running or not. */
export function listNetworks(connection: Connection): NetworkRow[] {
  using networks = connection.networks()
  return networks.flatMap((network) => rowOf(network) ?? [])
}

/** One network, with the leases of its guests. */
export function describeNetwork(network: Network): NetworkDetails {
  return { ...read(network), leases: leasesOf(network) }
}

/** Not every driver hands out addresses. */
function leasesOf(network: Network): LeaseRow[] {
  try {
    return networkLeases(network)
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noSupport)) return []
    throw error
  }
}

/** A network may be gone since the list was read. */
function rowOf(network: Network): NetworkRow | null {
  try {
    return read(network)
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noNetwork)) return null
    throw error
  }
}

function read(network: Network): NetworkRow {
  const { name, mode, bridge, domain, mtu, subnets } = readNetwork(network.xml())
  const persistent = network.isPersistent()
  return {
    name, uuid: network.uuid(), active: network.isActive(), persistent, autostart: persistent && network.autostart(),
    mode, bridge, domain, mtu, subnets,
  }
}
