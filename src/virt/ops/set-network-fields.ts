import { parse, type XmlElement } from '../../xml/node.js'
import { readNetwork } from '../../xml/network-description.js'
import { readNetworkAddresses } from '../../xml/network-addresses.js'
import { readNetworkSettings, type NetworkSettingName, type NetworkSettings } from '../../xml/network-settings.js'
import type { Network } from '../network.js'
import type { NetworkRecords } from './network-records.js'
import { readSides } from './reserve-address.js'
import type { WantedSubnets } from './set-network-addresses.js'

export interface NetworkWanted {
  settings: NetworkSettings
  subnets: WantedSubnets
  records: NetworkRecords
  autostart: boolean | undefined
}

export type NetworkValue = string | number | boolean | null

export interface NetworkField {
  /** the key, as on the command line */
  field: string
  before: NetworkValue
  after: NetworkValue
  /** what the running network has afterwards; null when it is stopped, or has none */
  running: NetworkValue
  /** `needs-restart`: once the network was stopped and started; null: it is so already */
  effect: 'now' | 'next-start' | 'needs-restart' | null
  changed: boolean
}

/** What becomes of each setting that was asked for; `xml` is the stored document, `root` the one that it shall be. */
export function fieldsOf(
  network: Network, xml: string, root: XmlElement, { settings, subnets, records, autostart }: NetworkWanted,
): NetworkField[] {
  const active = network.isActive()
  const [stored, after] = [readFields(parse(xml)), readFields(root)]
  const running = active ? readFields(parse(network.xml())) : null
  const names = [
    ...(Object.keys(settings) as NetworkSettingName[]).filter((name) => settings[name] !== undefined),
    ...(['subnet', 'ipv6'] as const).filter((name) => subnets[name] !== undefined),
    // A new subnet has a new range, which waits with it.
    ...records.dhcp === undefined && stored.dhcp !== after.dhcp ? ['dhcp' as const] : [],
  ]
  const { live } = readSides(network)
  const sides = { stored: readNetwork(xml), live }
  return [
    ...names.map((field): NetworkField => {
      const differs = stored[field] !== after[field]
      const waits = running !== null && running[field] !== after[field]
      const effect = waits ? 'needs-restart' : !differs ? null : running === null ? 'next-start' : 'now'
      const before = waits && !differs ? running[field] : stored[field]
      return { field, before, after: after[field], running: running?.[field] ?? null, effect, changed: differs }
    }),
    ...recordFields(sides, records),
    ...autostart === undefined ? [] : [autostartField(network.autostart(), autostart)],
  ]
}

function readFields(root: XmlElement) {
  return { ...readNetworkSettings(root), ...readNetworkAddresses(root) }
}

type Sides = { stored: ReturnType<typeof readNetwork>, live: ReturnType<typeof readNetwork> | null }

function recordFields({ stored, live }: Sides, { dhcp, dns }: NetworkRecords): NetworkField[] {
  const field = (name: string, of: (side: Sides['stored']) => string | null, after: string | null): NetworkField => {
    const differs = of(stored) !== after || (live !== null && of(live) !== after)
    const before = of(stored) === after && live !== null ? of(live) : of(stored)
    return { field: name, before, after, running: live && after, effect: differs ? live ? 'now' : 'next-start' : null, changed: differs }
  }
  return [
    ...dhcp === undefined ? [] : [field('dhcp', rangesOf, dhcp && `${dhcp.start}-${dhcp.end}`)],
    ...[...dns].map(([name, address]) => field(`dns.${name}`, (side) => addressesOf(side, name), address)),
  ]
}

function rangesOf({ subnets }: Sides['stored']): string | null {
  const ranges = subnets.filter(({ family }) => family === 'ipv4').flatMap(({ dhcp }) => dhcp).map(({ start, end }) => `${start}-${end}`)
  return ranges.length === 0 ? null : ranges.join(',')
}

function addressesOf({ dnsHosts }: Sides['stored'], name: string): string | null {
  const addresses = dnsHosts.filter(({ names }) => names.includes(name)).map(({ address }) => address)
  return addresses.length === 0 ? null : addresses.join(',')
}

function autostartField(before: boolean, after: boolean): NetworkField {
  return { field: 'autostart', before, after, running: null, effect: before === after ? null : 'now', changed: before !== after }
}

/** As they are once the network was restarted. */
export function inForce(fields: readonly NetworkField[]): NetworkField[] {
  return fields.map((field) => field.effect === 'needs-restart' ? { ...field, effect: 'now' } : field)
}

/** With what the network runs with now. */
export function withRunning(network: Network, fields: readonly NetworkField[]): NetworkField[] {
  if (!network.isActive()) return fields.map((field) => ({ ...field, running: null }))
  const now: Readonly<Record<string, NetworkValue>> = readFields(parse(network.xml()))
  return fields.map((field) => field.field in now ? { ...field, running: now[field.field] ?? null } : field)
}
