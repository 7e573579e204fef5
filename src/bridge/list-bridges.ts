import type { Link } from './host-state.js'

/** A row of `bridge list`. */
export interface BridgeRow {
  name: string
  /** `up`, `down`, or `no-carrier` when it is up and no port of it is */
  state: string
  stp: boolean
  vlanFiltering: boolean
  ports: string[]
  addresses: string[]
  mtu: number
  mac: string
  /** the network of libvirt's that made it; null also when libvirt was not asked */
  network: string | null
}

/** The bridges among the devices; `owners` are libvirt's networks by the bridges that they made. */
export function listBridges(links: readonly Link[], owners: ReadonlyMap<string, string>): BridgeRow[] {
  return links.flatMap(({ name, up, bridge, addresses, mtu, mac }) => {
    if (bridge === null) return []
    const carries = links.some(({ master, operState }) => master === name && operState !== 'DOWN' && operState !== 'LOWERLAYERDOWN')
    const state = up && !carries ? 'no-carrier' : up ? 'up' : 'down'
    const { stp, vlanFiltering } = bridge
    const own = addresses.map(({ local, prefix }) => `${local}/${prefix}`)
    const network = owners.get(name) ?? null
    return [{ name, state, stp, vlanFiltering, ports: portsOf(links, name), addresses: own, mtu, mac, network }]
  })
}

export function portsOf(links: readonly Link[], bridge: string): string[] {
  return links.filter(({ master }) => master === bridge).map(({ name }) => name)
}
