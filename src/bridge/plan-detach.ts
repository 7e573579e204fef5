import { randomBytes } from 'node:crypto'
import type { HostState, Link } from './host-state.js'
import { portsOf } from './list-bridges.js'
import { bridgeAsBefore, nothing, type AttachPlan } from './plan-attach.js'
import { movable, planMove } from './plan-move.js'
import { link, vlan, type Step } from './steps.js'

/** One VLAN of a port, as `bridge -json vlan` has it. */
export interface PortVlan { id: number, flags: readonly string[] }

interface Detachment {
  bridge: Link
  port: Link
  /** the bridge's addresses and routes go to the port, if it was the bridge's way out */
  move: boolean
  macIsFixed: boolean
  /** the port's VLANs; null where the bridge does not filter them */
  vlans: readonly PortVlan[] | null
}

/** The steps that take a port from its bridge, and what restores both; null when it is none of its ports. */
export function planDetach(state: HostState, { bridge, port, move, macIsFixed, vlans }: Detachment): AttachPlan | null {
  if (port.master !== bridge.name) return null
  const goes = move && isWayOut(port) && otherWaysOut(state, bridge.name, port.name).length === 0 && movable(bridge).length > 0
  const moving = goes ? planMove(state, bridge, port) : nothing
  // Two devices of one system must not have one MAC address in two places.
  const mac = macIsFixed && bridge.mac === port.mac ? [link.set(bridge.name, 'address', anyMac())] : []
  return {
    steps: [...moving.leave, link.set(port.name, 'nomaster'), ...mac, ...port.up || !goes ? [] : [link.set(port.name, 'up')], ...moving.arrive],
    undo: [
      ...moving.takeBack,
      link.set(port.name, 'master', bridge.name), ...vlanSteps(port.name, vlans), ...port.up ? [] : [link.set(port.name, 'down')],
      ...bridgeAsBefore(bridge, { withMac: mac.length > 0 }),
      ...moving.giveBack,
    ],
    addresses: moving.addresses,
  }
}

/** Ports that lead somewhere: neither the cards of machines nor those of containers. */
function otherWaysOut({ links }: HostState, bridge: string, but: string): string[] {
  const ports = new Set(portsOf(links, bridge))
  return links.filter((each) => each.name !== but && ports.has(each.name) && isWayOut(each) && each.kind !== 'veth').map(({ name }) => name)
}

function isWayOut({ kind }: Link): boolean {
  return kind !== 'tun'
}

function vlanSteps(port: string, vlans: readonly PortVlan[] | null): Step[] {
  if (vlans === null) return []
  const words: Record<string, string> = { 'PVID': 'pvid', 'Egress Untagged': 'untagged' }
  const own = vlans.map(({ id, flags }) => vlan.add(port, String(id), ...flags.flatMap((flag) => words[flag] ?? [])))
  return vlans.some(({ id }) => id === 1) ? own : [...own, vlan.delete(port, '1')]
}

/** Of those that nobody makes: locally administered, no group. */
function anyMac(): string {
  return ['02', ...randomBytes(5).toString('hex').match(/../g) ?? []].join(':')
}
