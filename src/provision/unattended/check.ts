import ipaddr from 'ipaddr.js'
import { UsageError } from '../../errors.js'
import type { InstallSpec, StaticNetwork } from './spec.js'

/**
 * Checks what all installers are told. Answer files have no quoting that all of their readers agree on, so a value is
 * either of a form that needs none, or is refused; only commands, passwords and keys are free, and they are encoded.
 * @throws UsageError
 */
export function checkCommon(spec: InstallSpec): void {
  match('hostname', spec.hostname, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i, 'at most 63 of a-z 0-9 -, such as web-1')
  match('locale', spec.locale, /^[a-z]{2,3}_[A-Z]{2}(?:\.UTF-8)?$/, 'such as de_DE.UTF-8')
  match('keyboard layout', spec.keyboard, /^[a-z][a-z0-9_-]{0,31}$/, 'such as us or de')
  checkTimezone(spec.timezone)
  if (spec.network !== 'dhcp') checkNetwork(spec.network)
  for (const line of spec.runCommands) checkCommand(line)
}

export function match(what: string, text: string, form: RegExp, ...hints: string[]): void {
  if (!form.test(text)) throw new UsageError(`the ${what} ${shown(text)} is not valid`, ...hints)
}

/** A value as a message shows it. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/** In the installer's own words, so that both mean the same day. */
function checkTimezone(timezone: string): void {
  match('time zone', timezone, /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*){0,2}$/, 'such as Europe/Berlin')
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone })
  } catch {
    throw new UsageError(`there is no time zone ${timezone}`, 'such as Europe/Berlin')
  }
}

function checkNetwork({ mac, address, prefix, gateway, dns }: StaticNetwork): void {
  if (mac !== undefined) match('MAC address', mac, /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i, 'such as 52:54:00:12:34:56')
  const own = ipv4('address', address)
  if (!Number.isInteger(prefix) || prefix < 1 || prefix > 32) throw new UsageError(`${prefix} is no prefix of an IPv4 network`, 'such as 24')
  const cidr = `${address}/${prefix}`
  const edges = prefix > 30 ? [] : [ipaddr.IPv4.networkAddressFromCIDR(cidr), ipaddr.IPv4.broadcastAddressFromCIDR(cidr)]
  const usable = ['unicast', 'private', 'carrierGradeNat', 'linkLocal', 'reserved'].includes(own.range())
  if (!usable || edges.some((edge) => edge.toString() === address)) throw new UsageError(`the address ${cidr} cannot be a machine's`)
  if (gateway !== undefined) {
    if (!ipv4('gateway', gateway).match(own, prefix)) throw new UsageError(`the gateway ${gateway} is not in the network of ${cidr}`)
    if (gateway === address) throw new UsageError(`the gateway ${gateway} is the machine's own address`)
  }
  for (const server of dns) ipv4('name server', server)
}

/** In the usual spelling only: 10.1 and 010.0.0.1 mean one thing here and another there. */
function ipv4(what: string, text: string): ipaddr.IPv4 {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) throw new UsageError(`the ${what} ${shown(text)} is no IPv4 address`, 'such as 10.0.0.5')
  return ipaddr.IPv4.parse(text)
}

function checkCommand(line: string): void {
  if (line.trim() === '') throw new UsageError('a command to run is empty')
  if (/[^\P{Cc}\n\t]|\p{Cs}/u.test(line)) throw new UsageError(`the command ${shown(line)} has a control character`)
}
