/** What a map shows: a host, its networks and bridges, and the machines on each with their interfaces there. */
export interface NetworkMap {
  host: string
  uri: string
  networks: MapNetwork[]
  /** machines without any interface */
  unconnected: MapMachine[]
}

export interface MapNetwork {
  /** `network`, `bridge` of the host, or libvirt's word for another kind of connection */
  kind: string
  name: string
  /** null for what is no network of libvirt's */
  mode: string | null
  active: boolean | null
  bridge: string | null
  /** the host's address in each, with the prefix */
  subnets: string[]
  machines: MapMachine[]
}

export interface MapMachine {
  name: string
  running: boolean
  nics: MapNic[]
  /** the names of the other networks that it is on */
  also: string[]
}

export interface MapNic {
  mac: string | null
  tap: string | null
  addresses: string[]
  filter: string | null
}
