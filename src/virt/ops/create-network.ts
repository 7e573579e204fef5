import { randomUUID } from 'node:crypto'
import { networkElement, type AddressRange, type DnsHost, type NetworkSpec, type SubnetSpec } from '../../xml/network.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { clashes, type Route } from './host-routes.js'
import { freeBridge, freeSubnet, NetworkCollision, refuseTaken, whatIsTaken, type Taken } from './free-network.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { listNetworks } from './list-networks.js'
import { planSubnet } from './network-range.js'
import { isPrivateIpv6, showSubnet, type Subnet } from './network-subnet.js'
import { Rollback } from './rollback.js'
import { namingCollision, startNetwork } from './start-network.js'

export interface NewNetwork {
  name: string
  mode: NetworkSpec['mode']
  /** null in the modes `bridge` and `macvtap`, and for IPv6 alone */
  subnet: Subnet | 'auto' | null
  ipv6?: Subnet
  /** false for none; undefined for the range that follows from the subnet */
  dhcp?: AddressRange | false
  /** undefined for a free name */
  bridge?: string
  /** of the host's, in mode `macvtap` */
  device?: string
  domain?: string
  dnsHosts?: readonly DnsHost[]
  mtu?: number
  isolateGuests?: boolean
  autostart: boolean
  start: boolean
}

export interface CreatedNetwork {
  changed: true
  said: string
  uuid: string | null
  bridge: string | null
  subnets: readonly SubnetSpec[]
  active: boolean
  autostart: boolean
  /** what a person should know of it */
  notes: string[]
}

interface Plan {
  wanted: NewNetwork
  subnets: readonly Subnet[]
  spec: NetworkSpec
  notes: string[]
}

/**
 * Makes a network: defined, set to start with the host, started. When a step fails or is interrupted, nothing stays.
 * What was left to chance, a free subnet or bridge name, is chosen again when another run or the host has it already.
 * @throws NetworkCollision when what was asked for is taken
 */
export function createNetwork(
  connection: Connection, wanted: NewNetwork, { dryRun }: { dryRun: boolean },
): Promise<CreatedNetwork> {
  return interruptible(async (signal) => {
    let failed: Pick<Taken, 'subnets' | 'bridges'> = { subnets: [], bridges: [] }
    for (let attempt = 1; ; attempt += 1) {
      const plan = planNetwork(wanted, { ...whatIsTaken(connection), ...failed }, attempt === 1 ? 1 : choices)
      if (dryRun) return created(plan, { uuid: null, said: 'would be created' })
      try {
        return created(plan, { uuid: await bringUp(connection, plan, signal), said: 'created' })
      } catch (error) {
        if (attempt === attempts || !(error instanceof NetworkCollision) || !canAvoid(error, wanted)) throw error
        failed = {
          subnets: [...failed.subnets, ...error.what === 'subnet' ? plan.subnets : []],
          bridges: [...failed.bridges, ...error.what === 'bridge' && plan.spec.bridge ? [plan.spec.bridge] : []],
        }
      }
    }
  })
}

/** Runs that start at the same time choose the same; after that each chooses one of so many. */
const choices = 32
const attempts = 12

function planNetwork(wanted: NewNetwork, taken: Taken, anyOf: number): Plan {
  const { name, mode, device, domain, mtu, ipv6, isolateGuests, dnsHosts = [] } = wanted
  const subnet = wanted.subnet === 'auto' ? freeSubnet(taken, anyOf) : wanted.subnet
  const bridge = mode === 'macvtap' ? undefined : wanted.bridge ?? freeBridge(taken, anyOf)
  const subnets = [subnet, ipv6].filter((each) => each !== null && each !== undefined)
  refuseTaken(ownOf({ name, mode, bridge }, subnets), taken.networks)
  return {
    wanted, subnets, notes: [...subnets.flatMap((each) => reachedBy(each, taken.routes)), ...missing(wanted, taken)],
    spec: {
      name, mode, bridge, device, domain, mtu, isolateGuests, ...dnsHosts.length > 0 && { dns: { hosts: dnsHosts } },
      subnets: subnets.map((each) => planSubnet(each, wanted.dhcp)),
      // Addresses that nobody routes need translating as the IPv4 ones do.
      natIpv6: mode === 'nat' && ipv6 !== undefined && isPrivateIpv6(ipv6),
    },
  }
}

async function bringUp(connection: Connection, { spec, subnets, wanted }: Plan, signal: AbortSignal): Promise<string> {
  const { name } = spec
  const uuid = randomUUID()
  using journal = journalFor(connection, { command: 'net create', name })
  await using rollback = new Rollback(signal, journal)
  using network = await rollback.make(connection, { kind: 'network', uuid, name },
    () => namingCollision(() => connection.defineNetwork(serialize(networkElement({ ...spec, uuid })))))
  // Another run may have looked when we did, and found the same to be free.
  refuseTaken(ownOf(spec, subnets), listNetworks(connection))
  if (wanted.autostart) network.setAutostart(true)
  if (wanted.start) await rollback.make(connection, { kind: 'network-running', uuid, name }, () => startNetwork(network))
  rollback.keep()
  return uuid
}

/** What the network must have for itself; a bridge of the host's it may share. */
function ownOf({ name, mode, bridge }: Pick<NetworkSpec, 'name' | 'mode' | 'bridge'>, subnets: readonly Subnet[]) {
  return { name, subnets, bridge: mode === 'bridge' ? null : bridge ?? null }
}

function created({ spec, subnets, wanted, notes }: Plan, { uuid, said }: { uuid: string | null, said: string }): CreatedNetwork {
  const about = [...subnets.map(showSubnet), ...spec.bridge === undefined ? [] : [`bridge ${spec.bridge}`], ...spec.device === undefined ? [] : [`on ${spec.device}`]]
  return {
    changed: true, said: `${said} (${about.join(', ')})`, uuid, bridge: spec.bridge ?? null,
    subnets: spec.subnets ?? [], active: wanted.start && uuid !== null, autostart: wanted.autostart, notes,
  }
}

/** libvirt refuses only the very subnet of a device; what overlaps with one it takes, and one of the two is not reached. */
export function reachedBy(own: Subnet, routes: readonly Route[]): string[] {
  return clashes([own], routes).map(({ subnet, device }) => `the subnet ${showSubnet(own)} overlaps with ${showSubnet(subnet)}, which the host reaches by ${device}`)
}

/** libvirt starts a network on a bridge or device that is not there, and its guests cannot start. */
function missing({ mode, bridge, device }: NewNetwork, { devices }: Taken): string[] {
  const needed = mode === 'bridge' ? bridge : device
  return needed === undefined || devices === null || devices.includes(needed) ? [] : [`there is no ${mode === 'bridge' ? 'bridge' : 'device'} ${needed} on this host yet`]
}

function canAvoid({ what }: NetworkCollision, { subnet, bridge }: NewNetwork): boolean {
  return what === 'subnet' ? subnet === 'auto' : bridge === undefined
}
