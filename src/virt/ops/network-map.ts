import type { MapNetwork, MapNic, NetworkMap } from '../../map-model.js'
import { readDomain } from '../../xml/domain-description.js'
import type { NicDescription } from '../../xml/domain-device-descriptions.js'
import type { Connection } from '../connection.js'
import { hostAddresses } from './host-addresses.js'
import { listNetworks } from './list-networks.js'
import { readMachines, type MachineXml } from './machine-xml.js'
import { addressesOfCard, type KnownAddress } from './vm-addresses.js'

/** All networks of a host, the bridges that machines name themselves, and who is on them: as they run, else as they will start. */
export async function mapNetworks(connection: Connection): Promise<NetworkMap> {
  const machines = readMachines(connection, { running: false }).map(withNics)
  const addresses = await currentAddresses(connection)
  const places = new Map<string, MapNetwork>(listNetworks(connection).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
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
      place.machines.push({ name, running, also, nics: own.map((nic) => mapped(nic, running ? addresses : null)) })
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
function elsewhere(nic: NicDescription | undefined): MapNetwork {
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

function mapped({ mac, tap, filter }: NicDescription, addresses: Addresses | null): MapNic {
  return { mac, tap: addresses === null ? null : tap, filter, addresses: addresses?.get(mac?.toLowerCase() ?? '') ?? [] }
}

type Addresses = ReadonlyMap<string, string[]>

/** As `vm list` has them, by MAC; no guest is asked. */
async function currentAddresses(connection: Connection): Promise<Addresses> {
  const { known } = await hostAddresses(connection, () => Promise.resolve(null))
  const ofCard = (own: readonly KnownAddress[], mac: string) => addressesOfCard(own, mac).map(({ address }) => address)
  return new Map([...known.values()].flatMap((own) => own.map(({ mac }) => [mac, ofCard(own, mac)])))
}
