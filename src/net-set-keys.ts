import { checkDnsAddress, checkDomain } from './dns-names.js'
import { UsageError } from './errors.js'
import { checkBridgeName, suggest } from './names.js'
import { parseRange, planSubnet } from './virt/ops/network-range.js'
import { parseIpv6Prefix, parseSubnet } from './virt/ops/network-subnet.js'
import type { WantedSubnets } from './virt/ops/set-network-addresses.js'
import type { NetworkWanted } from './virt/ops/set-network-fields.js'
import type { AddressRange } from './xml/network.js'
import { ownModes, type NetworkSettings } from './xml/network-settings.js'

type Keyed = NetworkSettings & WantedSubnets & { dhcp?: AddressRange | null, autostart?: boolean }

interface Key<Name extends keyof Keyed> {
  /** what is written behind the = */
  value: string
  words?: readonly string[]
  parse: (text: string) => Keyed[Name]
}

const onOff = ['on', 'off'] as const

/** The keys, in the order in which help names them; and `dns.NAME=ADDR`. */
export const networkKeys: { readonly [Name in keyof Required<Keyed>]: Key<Name> } = {
  'subnet': { value: 'NET/BITS', parse: (text) => parseSubnet(text, 'subnet=') },
  'ipv6': { value: 'NET/64|none', parse: (text) => text === 'none' || text === '' ? null : parseIpv6Prefix(text, 'ipv6=') },
  'dhcp': { value: 'A-B|none', parse: (text) => text === 'none' || text === '' ? null : parseRange(text, 'dhcp=') },
  'autostart': { value: 'on|off', words: onOff, parse: (text) => oneOf(text, 'autostart', onOff) === 'on' },
  'domain': { value: 'NAME', parse: (text) => text === '' ? null : checkDomain(text, 'domain') },
  'mtu': { value: 'N', parse: (text) => text === '' ? null : mtu(text) },
  'isolate-guests': { value: 'on|off', words: onOff, parse: (text) => oneOf(text, 'isolate-guests', onOff) === 'on' },
  'mode': { value: ownModes.join('|'), words: ownModes, parse: (text) => oneOf(text, 'mode', ownModes) },
  'bridge': { value: 'NAME', parse: (text) => checkBridgeName(text) },
}

const keyNames = Object.keys(networkKeys) as (keyof Keyed)[]

/**
 * Tells names of networks from `key=value`.
 * @throws UsageError for an unknown key, a value that is none of its key's, and a key said twice
 */
export function readNetworkWords(words: readonly string[]): { names: string[], wanted: NetworkWanted } {
  const keyed: Keyed = {}
  const dns = new Map<string, string | null>()
  const changes = words.filter((word) => word.includes('='))
  for (const word of changes) {
    const at = word.indexOf('=')
    const [left, value] = [word.slice(0, at), word.slice(at + 1)]
    if (left in keyed || dns.has(left.slice('dns.'.length))) throw new UsageError(`${left} is given twice`)
    if (left.startsWith('dns.')) {
      dns.set(checkDomain(left.slice('dns.'.length), 'the name in dns.NAME'), value === '' ? null : checkDnsAddress(value, left))
    } else {
      const key = keyNamed(left)
      Object.assign(keyed, { [key]: networkKeys[key].parse(value) })
    }
  }
  if (changes.length === 0) throw new UsageError('nothing is to be changed', 'give KEY=VALUE, such as domain=lab.example', keyList())
  const { dhcp, autostart, subnet, ipv6, ...settings } = keyed
  if (subnet && dhcp) planSubnet(subnet, dhcp)
  const subnets = { ...subnet && { subnet }, ...ipv6 !== undefined && { ipv6 } }
  return { names: words.filter((word) => !word.includes('=')), wanted: { settings, subnets, records: { dhcp, dns }, autostart } }
}

function keyNamed(text: string): keyof Keyed {
  const key = keyNames.find((each) => each === text)
  if (key !== undefined) return key
  const near = suggest(text, keyNames).map((each) => `did you mean ${each}=?`)
  throw new UsageError(`"${text}" is nothing that net set can change`, ...near, keyList(), 'everything else: bay net xml and bay net define')
}

function keyList(): string {
  return `keys: ${keyNames.join(', ')}, dns.NAME`
}

function mtu(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 68 || number > 65_535) throw new UsageError(`mtu is a number from 68 to 65535, not "${text}"`, 'mtu= leaves it to the host')
  return number
}

function oneOf<T extends string>(text: string, key: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text)
  if (found !== undefined) return found
  throw new UsageError(`${key} is one of ${allowed.join(', ')}, not "${text}"`, ...suggest(text, allowed).map((each) => `did you mean ${key}=${each}?`))
}
