import type { HostState, Link } from './host-state.js'
import { movable } from './plan-move.js'
import type { PortVlan } from './plan-detach.js'

/** What the next boot is to find: a bridge with its ports and addresses. */
export interface Wanted {
  name: string
  stp: boolean
  vlanFiltering: boolean
  mtu: number | null
  mac: string | null
  ports: WantedPort[]
  /** those that nobody gives away, in the form 10.0.0.1/24 */
  addresses: string[]
  dhcp4: boolean
  /** by the router's word or by DHCP */
  auto6: boolean
  routes: WantedRoute[]
}

export interface WantedPort { name: string, mac: string, kind: string | null, vlans: readonly PortVlan[] }

export interface WantedRoute { family: '-4' | '-6', to: string, via: string | null, metric: number | null }

/** A file of the system's configuration as it is to be; no content means that it goes. */
export interface FileChange {
  path: string
  content: string | null
  mode: number
}

/** The files that are there, by their paths. */
export type Files = ReadonlyMap<string, string>

/** One bridge and those that were its ports, in one kind of configuration; a bridge that is not wanted goes. */
export type Renderer = (bridge: { name: string, wanted: Wanted | null, released: readonly string[] }, files: Files) => FileChange[]

/** Whether the bridge has taken over what a port's configuration says of addresses. */
export function hasTakenOver({ addresses, dhcp4, auto6 }: Wanted): boolean {
  return addresses.length > 0 || dhcp4 || auto6
}

export const mark = '# Written by bay; bay bridge … --persist changes it.'

/** A bridge as it is now, without what comes and goes by itself: cards of machines, addresses from DHCP. */
export function wantedOf({ links, routes }: HostState, bridge: Link, vlansOf: ReadonlyMap<string, readonly PortVlan[]>): Wanted {
  const { name, mtu, mac } = bridge
  const own = movable(bridge)
  const ports = links.filter((each) => each.master === name && each.kind !== 'tun')
    .map((port) => ({ name: port.name, mac: port.mac, kind: port.kind, vlans: vlansOf.get(port.name) ?? [] }))
  return {
    name, stp: bridge.bridge?.stp ?? false, vlanFiltering: bridge.bridge?.vlanFiltering ?? false,
    mtu: mtu === 1500 ? null : mtu, mac: ports.length > 0 && mac !== '' ? mac : null, ports,
    addresses: own.filter(({ dynamic }) => !dynamic).map(({ local, prefix }) => `${local}/${prefix}`),
    dhcp4: own.some(({ dynamic, family }) => dynamic && family === 'inet'), auto6: own.some(({ dynamic, family }) => dynamic && family === 'inet6'),
    routes: routes.filter(({ device, table, protocol, odd }) => device === name && table === 'main' && odd === null && ['static', 'boot'].includes(protocol))
      .map(({ family, to, gateway, metric }) => ({ family, to, via: gateway?.host ?? null, metric })),
  }
}
