import { readNetwork, type NetworkDescription } from '../../xml/network-description.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { Network } from '../network.js'
import { unlessGone } from './gone.js'
import { networkLeases, type LeaseRow } from './network-leases.js'

/** A row of `net list`: `net show` without the leases. */
export interface NetworkRow {
  name: string
  uuid: string
  active: boolean
  persistent: boolean
  autostart: boolean
  /** `nat`, `route`, `isolated`, `open`, `bridge`, `macvtap` … */
  mode: string
  bridge: string | null
  device: string | null
  domain: string | null
  mtu: number | null
  isolateGuests: boolean
  dnsHosts: NetworkDescription['dnsHosts']
  subnets: NetworkDescription['subnets']
}

export interface NetworkDetails extends NetworkRow {
  leases: LeaseRow[]
}

/** All networks of a host, running or not. */
export function listNetworks(connection: Connection): NetworkRow[] {
  using networks = connection.networks()
  return networks.flatMap((network) => unlessGone(() => read(network), failure.noNetwork) ?? [])
}

/** One network, with the leases of its guests; not every driver hands out addresses. */
export function describeNetwork(connection: Connection, network: Network): NetworkDetails {
  return { ...read(network), leases: unlessGone(() => networkLeases(connection, [network]), failure.noSupport) ?? [] }
}

function read(network: Network): NetworkRow {
  const { name, mode, bridge, device, domain, mtu, isolateGuests, dnsHosts, subnets } = readNetwork(network.xml())
  const persistent = network.isPersistent()
  return {
    name, uuid: network.uuid(), active: network.isActive(), persistent, autostart: persistent && network.autostart(),
    mode, bridge, device, domain, mtu, isolateGuests, dnsHosts, subnets,
  }
}
