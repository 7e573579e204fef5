import { Document, isMap, parseDocument, type YAMLMap } from 'yaml'
import { BayError } from '../errors.js'
import { hasTakenOver, mark, type FileChange, type Renderer, type Wanted } from './persist-wanted.js'

const folder = '/etc/netplan'

/** What of a device goes to the bridge that it becomes a port of. https://netplan.readthedocs.io/en/stable/netplan-yaml/ */
const moving = [
  'dhcp4', 'dhcp6', 'addresses', 'gateway4', 'gateway6', 'routes', 'routing-policy', 'nameservers', 'dhcp4-overrides', 'dhcp6-overrides',
  'accept-ra', 'ipv6-privacy', 'link-local', 'optional-addresses', 'dhcp-identifier',
]
const kinds = ['ethernets', 'bonds', 'vlans']

/** netplan adds up its files, so what a device has cannot be taken from it elsewhere: its keys are moved in its own file. */
export const renderNetplan: Renderer = ({ name, wanted, released }, files) => {
  if (wanted?.vlanFiltering) {
    throw new BayError('wrong-state', 'netplan has no words for VLAN filtering', { hints: ['again without --persist'] })
  }
  const documents = new Map([...files].filter(([path]) => /\.ya?ml$/.test(path)).sort(([a], [b]) => a < b ? -1 : 1).map(([path, text]) => [path, parsed(path, text)]))
  const going = wanted === null ? portsIn(documents, name) : released
  const back = wanted === null || !hasTakenOver(wanted)
  for (const port of going) giveBack(documents, { name, port, back })
  if (wanted === null) for (const document of documents.values()) remove(document, name)
  else put(documents, wanted)
  return [...documents].flatMap(([path, document]): FileChange[] => {
    const before = files.get(path)
    if (wanted === null && before !== undefined && path === ownFile(name)) return [{ path, content: null, mode: 0o600 }]
    const content = changed(before, document)
    return content === before ? [] : [{ path, content, mode: 0o600 }]
  })
}

type Documents = Map<string, Document>

function ownFile(name: string): string {
  return `${folder}/90-bay-${name}.yaml`
}

function parsed(path: string, text: string): Document {
  const document = parseDocument(text)
  if (document.errors.length > 0) throw new BayError('failed', `${path} cannot be read: ${document.errors[0]?.message ?? ''}`, { hints: ['netplan generate'] })
  return document
}

/** A document that nothing was done to keeps its own form. */
function changed(before: string | undefined, document: Document): string {
  const text = document.toString(form)
  return before !== undefined && parseDocument(before).toString(form) === text ? before : text
}

const form = { lineWidth: 0, flowCollectionPadding: false }

function remove(document: Document, name: string): void {
  document.deleteIn(['network', 'bridges', name])
  const rest = document.getIn(['network', 'bridges'])
  if (isMap(rest) && rest.items.length === 0) document.deleteIn(['network', 'bridges'])
}

function put(documents: Documents, wanted: Wanted): void {
  const { name, ports, mac, mtu, stp } = wanted
  const there = [...documents].find(([, document]) => document.hasIn(['network', 'bridges', name]))
  const homes = ports.flatMap((port) => homeOf(documents, port.name) ?? [])
  const [path] = there ?? [homes[0]?.path ?? ownFile(name)]
  const document = documents.get(path) ?? new Document({ network: { version: 2 } })
  if (!documents.has(path)) document.commentBefore = mark.slice(1)
  documents.set(path, document)
  const bridge = ['network', 'bridges', name]
  const isNew = !document.hasIn(bridge)
  if (isNew) document.setIn(bridge, document.createNode({}))
  if (hasTakenOver(wanted) && homes.length > 0 && !hasAddress(document, bridge)) for (const key of ['dhcp4', 'accept-ra']) document.deleteIn([...bridge, key])
  if (hasTakenOver(wanted)) for (const home of homes) take(document, bridge, home)
  document.setIn([...bridge, 'interfaces'], document.createNode(ports.map((port) => homeOf(documents, port.name)?.id ?? port.name)))
  document.setIn([...bridge, 'parameters', 'stp'], stp)
  if (mac === null) document.deleteIn([...bridge, 'macaddress'])
  else document.setIn([...bridge, 'macaddress'], mac)
  if (mtu !== null) document.setIn([...bridge, 'mtu'], mtu)
  if (isNew && (homes.length === 0 || !hasTakenOver(wanted))) fromState(document, bridge, wanted)
  for (const port of ports) if (!homeOf(documents, port.name)) document.setIn(['network', 'ethernets', port.name], document.createNode({ dhcp4: false }))
}

function hasAddress(document: Document, bridge: string[]): boolean {
  return document.hasIn([...bridge, 'addresses']) || document.getIn([...bridge, 'dhcp4']) === true || document.getIn([...bridge, 'dhcp6']) === true
}

interface Home { path: string, at: string[], id: string, device: YAMLMap }

/** Where a device is described: by its name, or by what it is called once it is found. */
function homeOf(documents: Documents, name: string): Home | null {
  for (const [path, document] of documents) {
    for (const kind of kinds) {
      const all = document.getIn(['network', kind])
      for (const { key, value } of isMap(all) ? all.items : []) {
        if (!isMap(value)) continue
        const names = [String(key), value.get('set-name'), value.getIn(['match', 'name'])]
        if (names.includes(name)) return { path, at: ['network', kind, String(key)], id: String(key), device: value }
      }
    }
  }
  return null
}

/** Its keys go to the bridge, unless the bridge has them. */
function take(document: Document, bridge: string[], { device }: Home): void {
  for (const key of moving) {
    const value = device.get(key, true)
    if (value === undefined || document.hasIn([...bridge, key])) continue
    document.setIn([...bridge, key], value)
    device.delete(key)
  }
  // Without a word, netplan leaves a device alone; with this it brings it up.
  if (device.items.length === 0) device.set('dhcp4', false)
}

/** The port leaves the bridge, and gets its keys again when it takes the addresses with it. */
function giveBack(documents: Documents, { name, port, back }: { name: string, port: string, back: boolean }): void {
  const home = homeOf(documents, port)
  for (const document of documents.values()) {
    const bridge = document.getIn(['network', 'bridges', name])
    if (!isMap(bridge)) continue
    const others = interfacesOf(bridge).filter((each) => each !== (home?.id ?? port))
    bridge.set('interfaces', document.createNode(others))
    if (others.length > 0 || !home || !back) continue
    home.device.delete('dhcp4')
    for (const key of moving) {
      const value = bridge.get(key, true)
      if (value === undefined) continue
      home.device.set(key, value)
      bridge.delete(key)
    }
  }
}

function interfacesOf(bridge: YAMLMap): string[] {
  const list = bridge.toJSON() as { interfaces?: unknown }
  return Array.isArray(list.interfaces) ? list.interfaces.map(String) : []
}

function portsIn(documents: Documents, name: string): string[] {
  return [...documents.values()].flatMap((document) => {
    const bridge = document.getIn(['network', 'bridges', name])
    return isMap(bridge) ? interfacesOf(bridge) : []
  })
}

function fromState(document: Document, bridge: string[], { addresses, dhcp4, auto6, routes }: Wanted): void {
  document.setIn([...bridge, 'dhcp4'], dhcp4)
  document.setIn([...bridge, 'accept-ra'], auto6)
  if (addresses.length > 0) document.setIn([...bridge, 'addresses'], document.createNode(addresses))
  const ways = routes.map(({ to, via, metric, family }) => ({
    to: to !== 'default' ? to : family === '-6' ? '::/0' : '0.0.0.0/0', ...via === null ? { scope: 'link' } : { via }, ...metric === null ? {} : { metric },
  }))
  if (ways.length > 0) document.setIn([...bridge, 'routes'], document.createNode(ways))
}
