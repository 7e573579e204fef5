import { networkInterfaces } from 'node:os'
import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { deviceNames, hostRoutes, type Route } from './host-routes.js'
import { listNetworks, type NetworkRow } from './list-networks.js'
import { overlap, showSubnet, subnetAround, type Subnet } from './network-subnet.js'
import { isOwnHost } from './own-host.js'

/** What is taken on a host, as far as a new network must keep out of its way. */
export interface Taken {
  networks: readonly NetworkRow[]
  /** subnets of the host's own interfaces, and those that it has routes to; none are known of a host that is far away */
  interfaces: readonly Subnet[]
  routes: readonly Route[]
  /** the names of all its devices; null when they are not known */
  devices: readonly string[] | null
  /** what failed a moment ago, for a reason that only the host knows */
  subnets: readonly Subnet[]
  bridges: readonly string[]
}

/** Looks at the networks of a host, and at its interfaces when it is this one. */
export function whatIsTaken(connection: Connection): Taken {
  const ownHost = isOwnHost(connection)
  return {
    networks: listNetworks(connection), devices: ownHost ? deviceNames() : null,
    interfaces: connection.isLocal() ? ownSubnets() : [],
    // A VPN may take all of the net in two halves, which leaves what is narrower where it was.
    routes: ownHost ? hostRoutes().filter(({ subnet }) => subnet.prefix >= 8) : [],
    subnets: [], bridges: [],
  }
}

/** What was asked for is taken on this host; another subnet or bridge would do. */
export class NetworkCollision extends BayError {
  readonly what: 'subnet' | 'bridge'

  constructor(what: 'subnet' | 'bridge', message: string, cause?: unknown) {
    super('exists', message, { cause, hints: [...advice[what]] })
    this.what = what
  }
}

const advice = {
  subnet: ['another one; net create --subnet auto takes a free one', 'see what there is: bay net list --columns name,subnets'],
  bridge: ['without --bridge a free name is chosen'],
}

/**
 * Refuses a subnet, or a bridge name, that another network has. libvirt takes both and fails when the second one starts.
 * @throws NetworkCollision that names the other network
 */
export function refuseTaken(
  wanted: { name: string, subnets: readonly Subnet[], bridge: string | null }, networks: readonly NetworkRow[],
): void {
  for (const other of networks) {
    if (other.name === wanted.name) continue
    if (wanted.bridge !== null && other.bridge === wanted.bridge) {
      throw new NetworkCollision('bridge', `the bridge ${wanted.bridge} belongs to the network ${other.name}`)
    }
    for (const theirs of subnetsOf(other)) {
      const own = wanted.subnets.find((subnet) => overlap(subnet, theirs))
      if (own) {
        throw new NetworkCollision('subnet', `the subnet ${showSubnet(own)} overlaps with ${showSubnet(theirs)} of the network ${other.name}`)
      }
    }
  }
}

/** A free /24 of the private ranges: the first one, or with `anyOf` one of so many at random, for runs that collided. */
export function freeSubnet(taken: Taken, anyOf = 1): Subnet {
  const used = usedBy(taken)
  const free = firstOf(candidates(), anyOf, (subnet) => !used.some((each) => overlap(each, subnet)))
  if (!free) throw new BayError('failed', 'there is no free /24 left in 192.168.0.0/16 and 10.0.0.0/8', { hints: ['give one: --subnet 172.20.0.0/24'] })
  return free
}

/** A free /64 of the private prefixes: the first one. */
export function freePrefix(taken: Taken): Subnet {
  const used = usedBy(taken)
  const free = firstOf(prefixes(), 1, (prefix) => !used.some((each) => overlap(each, prefix)))
  if (!free) throw new BayError('failed', 'there is no free /64 left in fd00::/32', { hints: ['give one: --ipv6 fd00:1::/64'] })
  return free
}

/** A free bridge name, `virbr` and a number; chosen as in freeSubnet. */
export function freeBridge(taken: Taken, anyOf = 1): string {
  const used = new Set([...taken.networks.map(({ bridge }) => bridge), ...taken.bridges, ...Object.keys(networkInterfaces())])
  const free = firstOf(bridgeNames(), anyOf, (name) => !used.has(name))
  if (free === undefined) throw new BayError('failed', 'there is no free bridge name', { hints: ['give one: --bridge NAME'] })
  return free
}

function usedBy({ networks, interfaces, routes, subnets }: Taken): Subnet[] {
  return [...networks.flatMap(subnetsOf), ...interfaces, ...routes.map(({ subnet }) => subnet), ...subnets]
}

function* candidates(): Generator<Subnet> {
  for (let third = 100; third <= 254; third += 1) yield { family: 'ipv4', bytes: [192, 168, third, 0], prefix: 24 }
  for (let at = 0; at < 2 ** 16; at += 1) yield { family: 'ipv4', bytes: [10, at >> 8, at & 0xff, 0], prefix: 24 }
}

function* prefixes(): Generator<Subnet> {
  const rest = Array.from({ length: 12 }, () => 0)
  for (let at = 1; at < 2 ** 16; at += 1) yield { family: 'ipv6', bytes: [0xfd, 0, at >> 8, at & 0xff, ...rest], prefix: 64 }
}

function* bridgeNames(): Generator<string> {
  for (let number = 0; number < 10_000; number += 1) yield `virbr${number}`
}

function firstOf<T>(all: Iterable<T>, count: number, isFree: (each: T) => boolean): T | undefined {
  const found: T[] = []
  for (const each of all) {
    if (isFree(each) && found.push(each) === count) break
  }
  return found[Math.floor(Math.random() * found.length)]
}

function subnetsOf({ subnets }: NetworkRow): Subnet[] {
  return subnets.flatMap(({ address, prefix }) => subnetAround(address, prefix) ?? [])
}

function ownSubnets(): Subnet[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .flatMap(({ address, cidr }) => subnetAround(address, Number(cidr?.split('/')[1] ?? Number.NaN)) ?? [])
}
