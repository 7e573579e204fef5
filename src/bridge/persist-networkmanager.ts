import { createHash } from 'node:crypto'
import { BayError } from '../errors.js'
import { hasTakenOver, mark, type FileChange, type Files, type Renderer, type Wanted, type WantedPort } from './persist-wanted.js'
import { readSections, valuesOf, writeSections, type Section } from './sections.js'

const folder = '/etc/NetworkManager/system-connections'

/**
 * NetworkManager takes the profile with the highest priority that fits a device, so profiles of ours win, and none is changed.
 * What the port's own profile says of addresses, names and routes is taken over. https://networkmanager.dev/docs/api/latest/nm-settings-keyfile.html
 */
export const renderNetworkManager: Renderer = ({ name, wanted, released }, files) => {
  const gone = [...released, ...wanted ? [] : [name, ...portsIn(files, name)]].map(fileOf).filter((path) => files.has(path))
  const removed = gone.map((path) => change(path, null))
  if (wanted === null) return removed
  const ports = wanted.ports.map((port) => change(fileOf(port.name), portProfile(name, port)))
  return [...removed, change(fileOf(name), profile(wanted, files)), ...ports]
}

function fileOf(name: string): string {
  return `${folder}/bay-${name}.nmconnection`
}

/** NetworkManager leaves out a profile that others can read. */
function change(path: string, content: string | null): FileChange {
  return { path, content, mode: 0o600 }
}

function profile(wanted: Wanted, files: Files): string {
  const { name, stp, vlanFiltering, mtu, mac, ports } = wanted
  const own = files.get(fileOf(name))
  const known = own !== undefined && hasAddress(own) ? own : ports.flatMap((port) => originalOf(port, files) ?? [])[0]
  const taken = readSections(known ?? '').filter((section) => /^ipv[46]$/.test(section.name))
  return writeSections([
    connection(name, 'bridge'),
    ...mtu === null ? [] : [{ name: 'ethernet', lines: [`mtu=${mtu}`] }],
    { name: 'bridge', lines: [`stp=${stp}`, `vlan-filtering=${vlanFiltering}`, ...mac === null ? [] : [`mac-address=${mac}`]] },
    ...taken.length > 0 && hasTakenOver(wanted) ? taken : [family(wanted, 4), family(wanted, 6)],
  ], mark)
}

function hasAddress(text: string): boolean {
  const sections = readSections(text)
  return ['ipv4', 'ipv6'].some((each) => valuesOf(sections, each, 'method').some((method) => method === 'auto' || method === 'manual'))
}

function family({ addresses, dhcp4, auto6, routes }: Wanted, version: 4 | 6): Section {
  const own = addresses.filter((each) => each.includes(':') === (version === 6))
  const automatic = version === 6 ? auto6 : dhcp4
  const method = automatic ? 'auto' : own.length > 0 ? 'manual' : version === 6 ? 'link-local' : 'disabled'
  const ways = routes.filter((each) => each.family === `-${version}`).map(({ to, via, metric }, at) => (
    `route${at + 1}=${to !== 'default' ? to : version === 6 ? '::/0' : '0.0.0.0/0'},${via ?? (version === 6 ? '::' : '0.0.0.0')}${metric === null ? '' : `,${metric}`}`
  ))
  return { name: `ipv${version}`, lines: [`method=${method}`, ...own.map((each, at) => `address${at + 1}=${each}`), ...ways] }
}

function portProfile(bridge: string, { name, kind, vlans }: WantedPort): string {
  if (kind !== null && kind !== 'veth') {
    throw new BayError('wrong-state', `NetworkManager's profile of a port that is a ${kind} (${name}) is not for bay to write`, {
      hints: [`nmcli connection modify ${name} master ${bridge} slave-type bridge`, 'again without --persist'],
    })
  }
  const words = vlans.map(({ id, flags }) => [`${id}`, ...flags.includes('PVID') ? ['pvid'] : [], ...flags.includes('Egress Untagged') ? ['untagged'] : []].join(' '))
  return writeSections([
    connection(name, 'ethernet', [`master=${bridge}`, 'slave-type=bridge']),
    ...words.length === 0 ? [] : [{ name: 'bridge-port', lines: [`vlans=${words.join(', ')}`] }],
  ], mark)
}

function connection(name: string, type: string, more: readonly string[] = []): Section {
  return { name: 'connection', lines: [`id=bay-${name}`, `uuid=${uuidOf(name)}`, `type=${type}`, `interface-name=${name}`, 'autoconnect-priority=100', ...more] }
}

/** The same for the same device, so that writing it again changes nothing. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(`bay bridge ${name}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}

function originalOf({ name, mac }: WantedPort, files: Files): string | undefined {
  return [...files].find(([path, text]) => {
    const sections = readSections(text)
    return !path.startsWith(`${folder}/bay-`) && (valuesOf(sections, 'connection', 'interface-name').includes(name)
      || ['ethernet', '802-3-ethernet'].some((each) => valuesOf(sections, each, 'mac-address')[0]?.toLowerCase() === mac))
  })?.[1]
}

function portsIn(files: Files, bridge: string): string[] {
  return [...files].flatMap(([path, text]) => {
    const sections = readSections(text)
    const isOurs = path.startsWith(`${folder}/bay-`) && valuesOf(sections, 'connection', 'master').includes(bridge)
    return isOurs ? valuesOf(sections, 'connection', 'interface-name') : []
  })
}
