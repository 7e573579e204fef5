import { readDomain } from '../../xml/domain-description.js'
import type { NicDescription } from '../../xml/domain-device-descriptions.js'
import type { Connection } from '../connection.js'
import { activeLeases, type LeasesByMac } from './leases-by-mac.js'
import { listNetworks } from './list-networks.js'
import { readMachines, type MachineXml } from './machine-xml.js'

export interface MappedNic { mac: string | null, tap: string | null, addresses: string[], filter: string | null }

export interface MappedMachine {
  name: string
  running: boolean
  nics: MappedNic[]
  /** the names of the other networks that it is on */
  also: string[]
}

export interface MappedNetwork {
  /** `network`, `bridge`, or libvirt's word for another kind of connection */
  kind: string
  name: string
  mode: string | null
  active: boolean | null
  bridge: string | null
  subnets: string[]
  machines: MappedMachine[]
}

export interface NetworkMap { host: string, uri: string, networks: MappedNetwork[], unconnected: MappedMachine[] }

/** All networks of a host, the bridges that machines name themselves, and who is on them: as they run, else as they will start. */
export function mapNetworks(connection: Connection): NetworkMap {
  const machines = readMachines(connection, { running: false }).map(withNics)
  const leases: LeasesByMac = machines.some(({ running }) => running) ? activeLeases(connection) : new Map<string, never[]>()
  const places = new Map<string, MappedNetwork>(listNetworks(connection).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    .map(({ name, mode, active, bridge, subnets }) => [keyOf('network', name), {
      kind: 'network', name, mode, active, bridge, subnets: subnets.map(({ address, prefix }) => `${address}/${prefix ?? '?'}`), machines: [],
    }]))
  for (const { name, running, nics } of machines) {
    const on = new Map<string, NicDescription[]>()
    for (const nic of nics) on.set(keyOf(nic.type, nic.source), [...on.get(keyOf(nic.type, nic.source)) ?? [], nic])
    for (const [key, own] of on) {
      const place = places.get(key) ?? elsewhere(own[0])
      places.set(key, place)
      const also = [...on.values()].flatMap(([other]) => other === undefined || other === own[0] ? [] : [placeName(other)])
      place.machines.push({ name, running, also, nics: own.map((nic) => mapped(nic, running ? leases : null)) })
    }
  }
  return {
    host: connection.hostname(), uri: connection.uri(), networks: [...places.values()],
    unconnected: machines.filter(({ nics }) => nics.length === 0)
      .map(({ name, running }) => ({ name, running, nics: [], also: [] })),
  }
}

function withNics({ name, running, xmls: [now = ''] }: MachineXml): { name: string, running: boolean, nics: NicDescription[] } {
  return { name, running, nics: readDomain(now).nics }
}

/** A network that is named and not there any more is shown, too. */
function elsewhere(nic: NicDescription | undefined): MappedNetwork {
  const kind = nic?.type === 'network' ? 'missing network' : nic?.type ?? ''
  const bridge = nic?.type === 'bridge' ? nic.source : null
  return { kind, name: nic ? placeName(nic) : '', mode: null, active: null, bridge, subnets: [], machines: [] }
}

function placeName({ type, source }: NicDescription): string {
  return source ?? type
}

function keyOf(type: string, source: string | null): string {
  return JSON.stringify([type, source])
}

function mapped({ mac, tap, filter }: NicDescription, leases: LeasesByMac | null): MappedNic {
  const own = mac === null ? [] : leases?.get(mac.toLowerCase()) ?? []
  return { mac, tap: leases === null ? null : tap, filter, addresses: own.map(({ address }) => address) }
}
