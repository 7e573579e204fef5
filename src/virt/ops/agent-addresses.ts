import ipaddr from 'ipaddr.js'
import { BayError } from '../../errors.js'
import type { InterfaceAddresses } from '../addresses.js'
import type { Domain } from '../domain.js'
import { askAgent } from './agent.js'

/** Seconds that the answer may take, after up to 5 in which libvirt looks whether the agent listens. */
const answerWithin = 2

/** More than that of one guest is not for people to read. */
const most = 256

/**
 * The addresses that a guest's agent tells, by card: the guest's own words, of which only proper ones are taken; no loopback, and
 * none that are of a link only. None when it refuses; null when it does not answer.
 * https://qemu.readthedocs.io/en/latest/interop/qemu-ga-ref.html (guest-network-get-interfaces)
 */
export async function agentAddresses(domain: Domain): Promise<Pick<InterfaceAddresses, 'mac' | 'addresses'>[] | null> {
  try {
    return readInterfaces(await askAgent(domain, 'guest-network-get-interfaces', {}, answerWithin))
  } catch (error) {
    if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
    return error.code === 'timeout' ? null : []
  }
}

/** What it returned. */
export function readInterfaces(told: unknown): Pick<InterfaceAddresses, 'mac' | 'addresses'>[] {
  return list(told).map((each) => ({
    mac: text(each, 'hardware-address')?.toLowerCase() ?? null,
    addresses: list(field(each, 'ip-addresses')).flatMap(readAddress),
  }))
}

function readAddress(told: unknown): InterfaceAddresses['addresses'] {
  const [address, prefix] = [text(told, 'ip-address'), field(told, 'prefix')]
  if (address === null || !(ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address))) return []
  const parsed = ipaddr.parse(address)
  const family = parsed.kind()
  if (typeof prefix !== 'number' || !Number.isInteger(prefix) || prefix < 0 || prefix > (family === 'ipv4' ? 32 : 128)) return []
  return ['loopback', 'linkLocal', 'unspecified', 'multicast'].includes(parsed.range()) ? [] : [{ family, address: parsed.toString(), prefix }]
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : []
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([each]) => each === key)?.[1] : undefined
}

function text(value: unknown, key: string): string | null {
  const found = field(value, key)
  return typeof found === 'string' && found.length < 64 ? found : null
}
