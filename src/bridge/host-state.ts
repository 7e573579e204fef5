import { ask, IpError } from './ip.js'

/** A network device of this system. */
export interface Link {
  name: string
  up: boolean
  /** `UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN` …: whether anything passes */
  operState: string
  mtu: number
  mac: string
  ethernet: boolean
  loopback: boolean
  /** `bridge`, `veth`, `tun`, `bond` …; null for real hardware */
  kind: string | null
  /** the bridge or bond that it is a port of */
  master: string | null
  /** the device that it stands on, as a VLAN or a macvtap does */
  parent: string | null
  /** what bridges have; null for all others */
  bridge: { stp: boolean, vlanFiltering: boolean, /** seconds */ forwardDelay: number } | null
  addresses: Address[]
}

/** An address as `ip -json address` has it. */
export interface Address {
  family: 'inet' | 'inet6'
  local: string
  /** the other end, of a line between two */
  peer: string | null
  prefix: number
  broadcast: string | null
  scope: string
  label: string | null
  metric: number | null
  noPrefixRoute: boolean
  /** nobody is asked whether another system has it */
  noDad: boolean
  temporary: boolean
  dynamic: boolean
  /** seconds; null for ever */
  validFor: number | null
  preferredFor: number | null
}

/** A route as `ip -json route` has it; what has no place here is in `odd`. */
export interface HostRoute {
  family: '-4' | '-6'
  type: string
  to: string
  device: string | null
  gateway: { family: 'inet' | 'inet6', host: string } | null
  table: string
  protocol: string
  scope: string | null
  metric: number | null
  source: string | null
  onLink: boolean
  expires: number | null
  preference: string | null
  metrics: Record<string, number>
  /** what bay cannot move: several next hops, an encapsulation, a next hop object */
  odd: string | null
  /** the devices of several next hops */
  hops: string[]
}

export interface HostState {
  links: Link[]
  routes: HostRoute[]
}

/** All devices with their addresses. @throws IpError, BayError */
export async function readLinks(): Promise<Link[]> {
  return (await ask('-details', 'address', 'show')).map(fields).filter((raw) => text(raw, 'ifname') !== null).map(readLink)
}

/** Devices, addresses and the routes of all tables but the kernel's own. @throws as readLinks */
export async function readHost(): Promise<HostState> {
  const [links, four, six] = await Promise.all([readLinks(), readRoutes('-4'), readRoutes('-6')])
  return { links, routes: [...four, ...six] }
}

async function readRoutes(family: '-4' | '-6'): Promise<HostRoute[]> {
  try {
    const raw = await ask('-details', family, 'route', 'show', 'table', 'all')
    return raw.map(fields).map((each) => readRoute(family, each)).filter(({ table }) => table !== 'local')
  } catch (error) {
    // A system without IPv6 has no such table.
    if (family === '-6' && error instanceof IpError && error.code === 'failed') return []
    throw error
  }
}

type Fields = Record<string, unknown>

function readLink(raw: Fields): Link {
  const info = fields(raw['linkinfo'])
  const data = fields(info['info_data'])
  const flags = texts(raw, 'flags')
  const kind = text(info, 'info_kind')
  return {
    name: text(raw, 'ifname') ?? '', up: flags.includes('UP'), operState: text(raw, 'operstate') ?? 'UNKNOWN',
    mtu: number(raw, 'mtu') ?? 0, mac: text(raw, 'address') ?? '',
    ethernet: raw['link_type'] === 'ether', loopback: flags.includes('LOOPBACK'),
    kind, master: text(raw, 'master'), parent: text(raw, 'link'),
    bridge: kind === 'bridge' ? readBridge(data) : null,
    addresses: list(raw['addr_info']).map(fields).filter((each) => text(each, 'local') !== null).map(readAddress),
  }
}

function readBridge(data: Fields): NonNullable<Link['bridge']> {
  // The kernel counts in hundredths.
  const forwardDelay = (number(data, 'forward_delay') ?? 1500) / 100
  return { stp: (number(data, 'stp_state') ?? 0) !== 0, vlanFiltering: number(data, 'vlan_filtering') === 1, forwardDelay }
}

const forEver = 4_294_967_295

function readAddress(raw: Fields): Address {
  const lifetime = (key: string): number | null => {
    const seconds = number(raw, key) ?? forEver
    return seconds === forEver ? null : seconds
  }
  return {
    family: raw['family'] === 'inet6' ? 'inet6' : 'inet', local: text(raw, 'local') ?? '', peer: text(raw, 'address'), prefix: number(raw, 'prefixlen') ?? 0,
    broadcast: text(raw, 'broadcast'), scope: text(raw, 'scope') ?? 'global', label: text(raw, 'label'), metric: number(raw, 'metric'),
    noPrefixRoute: raw['noprefixroute'] === true, noDad: raw['nodad'] === true, temporary: raw['temporary'] === true, dynamic: raw['dynamic'] === true,
    validFor: lifetime('valid_life_time'), preferredFor: lifetime('preferred_life_time'),
  }
}

function readRoute(family: '-4' | '-6', raw: Fields): HostRoute {
  const via = fields(raw['via'])
  const hops = list(raw['nexthops']).map(fields)
  const oddities = Object.entries({ 'several next hops': hops.length > 0, 'an encapsulation': 'encap' in raw, 'a next hop object': 'nhid' in raw })
  const metrics = Object.assign({}, ...list(raw['metrics']).map(fields)) as Fields
  const host = text(raw, 'gateway') ?? text(via, 'host')
  return {
    family, type: text(raw, 'type') ?? 'unicast', to: text(raw, 'dst') ?? 'default', device: text(raw, 'dev'),
    gateway: host === null ? null : { family: (text(via, 'family') ?? (family === '-6' ? 'inet6' : 'inet')) === 'inet6' ? 'inet6' : 'inet', host },
    table: text(raw, 'table') ?? 'main', protocol: text(raw, 'protocol') ?? 'boot', scope: family === '-4' ? text(raw, 'scope') : null,
    metric: number(raw, 'metric'), source: text(raw, 'prefsrc'), onLink: texts(raw, 'flags').includes('onlink'),
    expires: number(raw, 'expires'), preference: text(raw, 'pref'),
    metrics: Object.fromEntries(Object.entries(metrics).flatMap(([key, value]) => typeof value === 'number' ? [[key, value]] : [])),
    odd: oddities.find(([, so]) => so)?.[0] ?? null, hops: hops.flatMap((hop) => text(hop, 'dev') ?? []),
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(raw: Fields, key: string): string | null {
  const value = raw[key]
  return typeof value === 'string' ? value : null
}

function texts(raw: Fields, key: string): string[] {
  return list(raw[key]).filter((each) => typeof each === 'string')
}

function number(raw: Fields, key: string): number | null {
  const value = raw[key]
  return typeof value === 'number' ? value : null
}
