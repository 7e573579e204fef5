/** What a map shows: a host, its networks and bridges, and the machines on each with their interfaces there. */
export interface MapModel {
  host: string
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

/** A network in a line: `lab  nat  virbr0  10.20.0.1/24`. */
export function networkParts({ kind, mode, active, bridge, name, subnets }: MapNetwork): string[] {
  const what = kind === 'network' ? [mode ?? ''] : [kind]
  return [...what, ...bridge === null || bridge === name ? [] : [bridge], ...subnets, ...active === false ? ['stopped'] : []]
}

export function nicParts({ mac, addresses, filter, tap }: MapNic): string[] {
  return [mac ?? 'no MAC', ...addresses, ...filter === null ? [] : [`filter ${filter}`], ...tap === null ? [] : [tap]]
}

export function machineParts({ running, also }: MapMachine): string[] {
  return [running ? 'running' : 'off', ...also.length === 0 ? [] : [`also on ${also.join(', ')}`]]
}
