import { readdirSync, readFileSync } from 'node:fs'
import { codeOf } from './state-folder.js'
import { overlap, type Subnet } from './network-subnet.js'

/** A subnet that this system reaches by one of its devices. */
export interface Route {
  device: string
  subnet: Subnet
}

export interface Clash extends Route {
  own: Subnet
  /** whether both are the same subnet */
  exactly: boolean
}

/** The routes of this system but the default ones. */
export function hostRoutes(): Route[] {
  return [...parseRoutes(table('/proc/net/route')), ...parseRoutes6(table('/proc/net/ipv6_route'))]
}

/** A system without IPv6 has no such file. */
function table(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

/** The network devices of this system, also those without an address. */
export function deviceNames(): string[] {
  return readdirSync('/sys/class/net')
}

/** The kernel's table: device, destination and mask are its first, second and eighth column, in hexadecimal, last byte first. */
export function parseRoutes(text: string): Route[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const columns = line.trim().split(/\s+/)
    const [device, destination, mask] = [columns[0] ?? '', columns[1], columns[7]]
    if (destination === undefined || mask === undefined) return []
    const prefix = bytesOf(mask).map((byte) => byte.toString(2).replaceAll('0', '').length).reduce((sum, bits) => sum + bits, 0)
    return prefix === 0 ? [] : [{ device, subnet: { family: 'ipv4' as const, bytes: bytesOf(destination), prefix } }]
  })
}

/**
 * The kernel's table of IPv6: destination, its prefix in hexadecimal, six more columns, flags, device. Without the system's own
 * addresses, the link-local ones that every device has, and multicast.
 */
export function parseRoutes6(text: string): Route[] {
  return text.split('\n').flatMap((line) => {
    const [destination = '', bits = '', , , , , , , flags = '', device] = line.trim().split(/\s+/)
    const [prefix, bytes] = [Number.parseInt(bits, 16), [...Buffer.from(destination, 'hex')]]
    const [first = 0, second = 0] = bytes
    const own = (Number.parseInt(flags, 16) & isLocal) !== 0 || first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80)
    return device === undefined || device === 'lo' || prefix === 0 || bytes.length !== 16 || own ? [] : [{ device, subnet: { family: 'ipv6' as const, bytes, prefix } }]
  })
}

/** RTF_LOCAL of the kernel's ipv6_route.h */
const isLocal = 0x80000000

/** The routes that lead into one of these subnets. */
export function clashes(subnets: readonly Subnet[], routes: readonly Route[]): Clash[] {
  return subnets.flatMap((own) => routes.filter(({ subnet }) => overlap(own, subnet)).map((route) => ({
    ...route, own, exactly: own.prefix === route.subnet.prefix,
  })))
}

function bytesOf(hex: string): number[] {
  return [...Buffer.from(hex.padStart(8, '0'), 'hex')].reverse()
}
