import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BayError } from '../errors.js'
import { suggest } from '../names.js'
import { sh } from '../shell.js'
import type { Link } from './host-state.js'

/** A device by its name. @throws BayError `not-found`, with near names */
export function findLink(links: readonly Link[], name: string): Link {
  const found = links.find((each) => each.name === name)
  if (found) return found
  const names = links.map((each) => each.name)
  throw new BayError('not-found', `this system has no network device ${name}`, {
    hints: [...suggest(name, names).map((near) => `did you mean ${near}?`), 'see what there is: ip -brief link'],
  })
}

/** A bridge by its name. @throws BayError `not-found`, `wrong-state` when the name is another device's */
export function findBridge(links: readonly Link[], name: string): Link & { bridge: NonNullable<Link['bridge']> } {
  const found = links.find((each) => each.name === name)
  if (found?.bridge) return { ...found, bridge: found.bridge }
  if (found) throw new BayError('wrong-state', `${name} is no bridge${found.kind === null ? '' : ` (${found.kind})`}`, { hints: ['bay bridge list'] })
  const near = suggest(name, links.flatMap((each) => each.bridge ? [each.name] : []))
  throw new BayError('not-found', `there is no bridge named ${name}`, {
    hints: [...near.map((each) => `did you mean ${each}?`), 'see what there is: bay bridge list', sh`make it: bay bridge create ${name}`],
  })
}

/** @throws BayError `wrong-state` for a device that cannot be, or must not be, a port of that bridge */
export function refusePort(links: readonly Link[], bridge: string, port: Link, machineOfTap: MachineOfTap, devices = '/sys/class/net'): void {
  const [fault, ...hints] = faultOf(links, bridge, port, machineOfTap, devices)
  if (fault !== undefined) throw new BayError('wrong-state', `${port.name} cannot be attached to ${bridge}: ${fault}`, { hints })
}

type MachineOfTap = (device: string) => string | undefined

function faultOf(links: readonly Link[], bridge: string, port: Link, machineOfTap: MachineOfTap, devices: string): string[] {
  const { name, master } = port
  if (port.loopback) return ['it is the loopback']
  if (port.bridge) return ['it is a bridge itself', 'bridges are joined by a veth pair']
  if (!port.ethernet) return ['it is no Ethernet device']
  if (isWireless(join(devices, name))) return ['it is wireless, and a station may send nobody else\'s frames', 'use a network with --mode nat, or a wired device']
  const machine = port.kind === 'tun' ? machineOfTap(name) : undefined
  if (machine !== undefined) return [isCardOf(machine), sh`bay vm attach nic --network bridge=${bridge} ${machine}`]
  if (master !== null && master !== bridge) {
    const owner = links.find((each) => each.name === master)
    if (owner?.bridge) return [`it is a port of the bridge ${master}`, sh`bay bridge detach ${master} ${name}`]
    return [`it belongs to ${master}${owner?.kind ? ` (${owner.kind})` : ''}`, `attach ${master} instead`]
  }
  const above = links.find(({ parent, kind }) => parent === name && ['macvlan', 'macvtap', 'ipvlan', 'ipvtap'].includes(kind ?? ''))
  return above ? [`${above.name} (${above.kind}) stands on it, and a device can have only the one or the other`] : []
}

/** @throws BayError `wrong-state` for the card of a running machine, which libvirt goes on believing on the bridge */
export function refuseCard(bridge: string, { name, kind }: Link, machineOfTap: MachineOfTap): void {
  const machine = kind === 'tun' ? machineOfTap(name) : undefined
  if (machine === undefined) return
  throw new BayError('wrong-state', `${name} is not detached from ${bridge}: ${isCardOf(machine)}`, { hints: [sh`bay vm detach nic ${machine} MAC`] })
}

function isCardOf(machine: string): string {
  return `it is the card of the running machine ${machine}`
}

/** The kernel says so below /sys, which a container may be without. */
function isWireless(folder: string): boolean {
  return ['wireless', 'phy80211'].some((each) => existsSync(join(folder, each)))
}
