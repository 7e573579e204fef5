import type { InstalledRule } from './installed.js'

/** A rule in words, as it stands in the kernel: "tcp to port 22 from 10.0.0.0/8, new or established". */
export function wordsOf({ rule, attributes, reversed, states, reply }: InstalledRule): string {
  const not = /^no$/i.test(attributes['match'] ?? '') ? 'not ' : ''
  const [near, far] = reversed ? ['dst', 'src'] : ['src', 'dst']
  const parts = [
    protocolWords(rule.protocol, attributes),
    ports(not, 'to port', attributes, far), ports(not, 'from port', attributes, near),
    place(not, 'from', attributes, near), place(not, 'to', attributes, far),
    mac(not, 'from', attributes, near), mac(not, 'to', attributes, far),
    arp(attributes, reversed),
    ...Object.entries(attributes).flatMap(([name, value]) => known.test(name) ? [] : [`${name} ${value}`]),
    states === null ? '' : `${states.join(' or ')}`,
    reply === null ? '' : reply ? 'as an answer' : 'as it was opened',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

const known = /^(src|dst)(ip|port|mac)|^(protocolid|protocol|type|code|opcode|state|match|comment)$|^arp(src|dst)/

function protocolWords(protocol: string | null, attributes: Readonly<Record<string, string>>): string {
  const { protocolid, protocol: inner, type, code, opcode } = attributes
  if (protocol === null || (protocol === 'mac' && protocolid === undefined)) return 'anything'
  const name = protocol === 'mac' ? protocolid ?? '' : protocol === 'all' ? 'any IPv4' : protocol === 'all-ipv6' ? 'any IPv6' : protocol.replace(/-ipv6$/, ' over IPv6')
  const more = [inner, type === undefined ? undefined : `type ${type}`, code === undefined ? undefined : `code ${code}`, opcode].filter((each) => each !== undefined)
  return [name, ...more].join(' ')
}

function ports(not: string, what: string, attributes: Readonly<Record<string, string>>, which: string): string {
  const [first, last] = [attributes[`${which}portstart`], attributes[`${which}portend`]]
  return first === undefined ? '' : `${not}${what} ${last === undefined || last === first ? first : `${first}-${last}`}`
}

function place(not: string, what: string, attributes: Readonly<Record<string, string>>, which: string): string {
  const [address, mask, from, to] = ['ipaddr', 'ipmask', 'ipfrom', 'ipto'].map((name) => attributes[`${which}${name}`])
  if (address !== undefined) return `${not}${what} ${address}${mask === undefined ? '' : `/${mask}`}`
  return from === undefined ? '' : `${not}${what} ${from}-${to ?? from}`
}

function mac(not: string, what: string, attributes: Readonly<Record<string, string>>, which: string): string {
  const address = attributes[`${which}macaddr`]
  return address === undefined ? '' : `${not}${what} ${address}`
}

function arp(attributes: Readonly<Record<string, string>>, reversed: boolean): string {
  const of = (name: 'src' | 'dst') => ['mac', 'ip'].flatMap((kind) => attributes[`arp${name}${kind}addr`] ?? []).join(' ')
  const [sender, target] = reversed ? [of('dst'), of('src')] : [of('src'), of('dst')]
  return [sender === '' ? '' : `sender ${sender}`, target === '' ? '' : `target ${target}`].filter((each) => each !== '').join(', ')
}
