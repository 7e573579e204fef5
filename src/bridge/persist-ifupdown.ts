import { UsageError } from '../errors.js'
import { hasTakenOver, mark, type FileChange, type Files, type Renderer, type Wanted, type WantedPort } from './persist-wanted.js'

const main = '/etc/network/interfaces'

/**
 * ifupdown reads all stanzas of a device, so the port's own are commented out with a mark, and stand for the bridge in a file of
 * ours. It makes the bridge by `ip`, whether bridge-utils is there or not. https://manpages.debian.org/bookworm/ifupdown/interfaces.5.en.html
 */
export const renderIfupdown: Renderer = ({ name, wanted, released }, files) => {
  const ours = placeOf(name, files)
  const ports = wanted?.ports.map((port) => port.name) ?? []
  for (const each of [name, ...ports]) refuseOdd(each)
  const next = new Map([...files].filter(([path]) => path !== ours.path || !ours.own))
  for (const [path, text] of next) next.set(path, withoutBlock(text, name))
  for (const [path, text] of next) {
    next.set(path, wanted === null ? uncommented(text, name) : released.reduce((all, port) => uncommented(all, name, port), text))
  }
  const block = wanted === null ? null : stanzas(wanted, next, blockIn(files, ours, name))
  for (const [path, text] of next) next.set(path, ports.reduce((all, port) => commented(all, name, port), text))
  if (block !== null && ours.own) next.set(ours.path, block)
  else if (block !== null) next.set(ours.path, `${(next.get(ours.path) ?? '').trimEnd()}\n\n${begin(name)}\n${block}${end(name)}\n`)
  return changesOf(files, next, ours)
}

interface Place { path: string, own: boolean }

/** A file of our own where one is read, else a part of the main one. */
function placeOf(name: string, files: Files): Place {
  const reads = /^\s*source(-directory)?\s+\S*interfaces\.d/m.test(files.get(main) ?? '')
  return reads ? { path: `${main}.d/bay-${name.replaceAll('.', '_')}`, own: true } : { path: main, own: false }
}

function changesOf(files: Files, next: Files, ours: Place): FileChange[] {
  const removed = ours.own && files.has(ours.path) && !next.has(ours.path) ? [{ path: ours.path, content: null, mode: 0o644 }] : []
  const changed = [...next].filter(([path, content]) => files.get(path) !== content)
  return [...removed, ...changed.map(([path, content]) => ({ path, content, mode: 0o644 }))]
}

/** The bridge's stanzas: those of an earlier run, or of a port, or what is so now; the first makes the bridge. */
function stanzas(wanted: Wanted, files: Files, earlier: string | null): string {
  const { name, ports } = wanted
  const before = earlier === null ? [] : stanzasIn(earlier, name)
  const ofPorts = () => ports.flatMap((port) => stanzasOf(files, port.name).map((lines) => renamed(lines, port.name, name)))
  const known = !hasTakenOver(wanted) ? [] : before.some(([head = '']) => !head.endsWith(' manual')) ? before : ofPorts()
  const own = known.length > 0 ? known.map(([head = '', ...rest]) => [head, ...rest.filter((line) => !isMaking(line))]) : fromState(wanted)
  const said = own.flat().join('\n')
  const more = known.length === 0 ? [] : wanted.addresses.filter((each) => !said.includes(each.split('/')[0] ?? '')).map((each) => fixed(name, each))
  const [[head = '', ...rest] = [], ...others] = [...own, ...more]
  const manual = ports.map((port) => `iface ${port.name} inet manual`)
  return [mark, `auto ${name}`, head, ...making(wanted), ...rest, ...others.flat(), ...manual, ''].join('\n')
}

function making({ name, mtu, mac, stp, vlanFiltering, ports }: Wanted): string[] {
  const link = [
    'pre-up ip link add name', name, ...mac === null ? [] : [`address ${mac}`],
    `type bridge stp_state ${stp ? 1 : 0}`, ...vlanFiltering ? ['vlan_filtering 1'] : [], '|| true',
  ].join(' ')
  const lines = ports.flatMap((port) => [`pre-up ip link set dev ${port.name} master ${name} up`, ...vlanLines(port)])
  // Not as it is made: that size would go with the first port.
  const size = mtu === null ? [] : [`pre-up ip link set dev ${name} mtu ${mtu}`]
  return [link, ...lines, ...size, `post-down ip link delete dev ${name} || true`].map((line) => `    ${line}`)
}

function vlanLines({ name, vlans }: WantedPort): string[] {
  const own = vlans.map(({ id, flags }) => [
    `pre-up bridge vlan add dev ${name} vid ${id}`, ...flags.includes('PVID') ? ['pvid'] : [], ...flags.includes('Egress Untagged') ? ['untagged'] : [],
  ].join(' '))
  return own.length === 0 || vlans.some(({ id }) => id === 1) ? own : [...own, `pre-up bridge vlan delete dev ${name} vid 1`]
}

/** What an earlier run of ours wrote to make the bridge. */
function isMaking(line: string): boolean {
  return /^\s*(pre-up (ip link (add name|set dev \S+ (master|mtu))|bridge vlan)|post-down ip link delete)/.test(line)
}

function fromState({ name, addresses, dhcp4, auto6, routes }: Wanted): string[][] {
  const ways = routes.map(({ family, to, via, metric }) => (
    `    up ip ${family} route replace ${to}${via === null ? '' : ` via ${via}`} dev ${name}${metric === null ? '' : ` metric ${metric}`}`
  ))
  const all = [
    ...dhcp4 ? [[`iface ${name} inet dhcp`]] : [], ...auto6 ? [[`iface ${name} inet6 auto`]] : [],
    ...addresses.map((each) => fixed(name, each)),
  ]
  const some = all.length > 0 ? all : [[`iface ${name} inet manual`]]
  // A route may need any of the addresses.
  return some.map((lines, at) => at === some.length - 1 ? [...lines, ...ways] : lines)
}

function fixed(name: string, address: string): string[] {
  return [`iface ${name} ${address.includes(':') ? 'inet6' : 'inet'} static`, `    address ${address}`]
}

function stanzasOf(files: Files, device: string): string[][] {
  return [...files].flatMap(([path, text]) => path.includes('/bay-') ? [] : stanzasIn(text, device))
}

/** Each stanza of the device, its lines with the head first. */
function stanzasIn(text: string, device: string): string[][] {
  const found: string[][] = []
  let inside = false
  for (const line of text.split('\n')) {
    if (isHead(line)) inside = isOf(line, device)
    if (inside && isHead(line)) found.push([line])
    else if (inside && line.trim() !== '' && !line.trim().startsWith('#')) found.at(-1)?.push(line)
  }
  return found
}

function renamed(lines: readonly string[], from: string, to: string): string[] {
  return lines.map((line) => line.split(/(\s+)/).map((word) => word === from ? to : word).join(''))
}

/** The text with the device's stanzas behind marks. */
function commented(text: string, bridge: string, device: string): string {
  let inside = false
  return text.split('\n').map((line) => {
    if (isHead(line)) inside = isOf(line, device)
    return inside && line.trim() !== '' && !line.startsWith('#') ? `${markOf(bridge, device)}${line}` : line
  }).join('\n')
}

function uncommented(text: string, bridge: string, device?: string): string {
  const start = device === undefined ? new RegExp(`^#bay ${escaped(bridge)} \\S+# `) : new RegExp(`^${escaped(markOf(bridge, device))}`)
  return text.split('\n').map((line) => line.replace(start, '')).join('\n')
}

function markOf(bridge: string, device: string): string {
  return `#bay ${bridge} ${device}# `
}

function begin(bridge: string): string { return `# bay ${bridge} begins` }
function end(bridge: string): string { return `# bay ${bridge} ends` }

function blockIn(files: Files, { path, own }: Place, bridge: string): string | null {
  const text = files.get(path)
  if (text === undefined || own) return text ?? null
  const [from, to] = [text.indexOf(begin(bridge)), text.indexOf(end(bridge))]
  return from < 0 || to < 0 ? null : text.slice(from + begin(bridge).length + 1, to)
}

function withoutBlock(text: string, bridge: string): string {
  const [from, to] = [text.indexOf(begin(bridge)), text.indexOf(end(bridge))]
  return from < 0 || to < 0 ? text : `${text.slice(0, from).trimEnd()}\n${text.slice(to + end(bridge).length + 1)}`
}

function isHead(line: string): boolean {
  return /^\s*(iface|auto|allow-\S+|mapping|source|source-directory|no-auto-down|no-scripts|template|rename)\s/.test(line)
}

function isOf(line: string, device: string): boolean {
  const [word, name] = line.trim().split(/\s+/)
  return word === 'iface' && name === device
}

/** Its commands are read by a shell. */
function refuseOdd(name: string): void {
  if (!/^[A-Za-z0-9_.:@-]+$/.test(name)) throw new UsageError(`the name ${name} cannot stand in ${main}`, 'again without --persist')
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
