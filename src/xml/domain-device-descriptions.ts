import { agentChannel } from './domain-devices.js'
import type { XmlElement } from './node.js'
import { integer } from './numbers.js'
import { attr, child, children, textOf } from './tree.js'

export interface DiskDescription {
  target: string
  bus: string | null
  /** `disk`, `cdrom`, `floppy`, `lun`. */
  device: string
  /** A file, a block device, or `protocol:name` of the network; null for an empty drive and a pool's volume. */
  path: string | null
  pool: string | null
  volume: string | null
  format: string | null
  readonly: boolean
}

export interface NicDescription {
  mac: string | null
  /** `network`, `bridge`, `user`, `direct` … */
  type: string
  /** The network, bridge or device that it is on. */
  source: string | null
  model: string | null
  /** Its device on the host, while it runs. */
  tap: string | null
  filter: string | null
}

export interface GraphicsDescription {
  type: string
  host: string | null
  /** Null while libvirt has not picked one. */
  port: number | null
  tlsPort: number | null
  socket: string | null
}

export interface AgentDescription {
  present: boolean
  /** Whether an agent answers in the guest; null when the machine does not run. */
  connected: boolean | null
}

export interface DevicesDescription {
  emulator: string | null
  disks: DiskDescription[]
  nics: NicDescription[]
  graphics: GraphicsDescription[]
  agentChannel: AgentDescription
}

/** What `<devices>` says (https://libvirt.org/formatdomain.html#devices). */
export function readDevices(devices: XmlElement | undefined): DevicesDescription {
  return {
    emulator: textOf(child(devices, 'emulator')) ?? null,
    disks: children(devices, 'disk').map(readDisk),
    nics: children(devices, 'interface').map(readNic),
    graphics: children(devices, 'graphics').map(readGraphics),
    agentChannel: readAgentChannel(children(devices, 'channel')),
  }
}

function readDisk(disk: XmlElement): DiskDescription {
  const source = child(disk, 'source')
  const target = child(disk, 'target')
  return {
    target: attr(target, 'dev') ?? '',
    bus: attr(target, 'bus') ?? null,
    device: attr(disk, 'device') ?? 'disk',
    path: diskPath(source),
    pool: attr(source, 'pool') ?? null,
    volume: attr(source, 'volume') ?? null,
    format: attr(child(disk, 'driver'), 'type') ?? null,
    readonly: child(disk, 'readonly') !== undefined,
  }
}

function diskPath(source: XmlElement | undefined): string | null {
  const local = attr(source, 'file') ?? attr(source, 'dev') ?? attr(source, 'dir')
  const protocol = attr(source, 'protocol')
  return local ?? (protocol === undefined ? null : `${protocol}:${attr(source, 'name') ?? ''}`)
}

function readNic(nic: XmlElement): NicDescription {
  const type = attr(nic, 'type') ?? ''
  const source = child(nic, 'source')
  // A live interface on a network names the network's bridge as well, so the type's own attribute goes first.
  const names = [type, 'network', 'bridge', 'dev', 'path'].map((name) => attr(source, name))
  return {
    mac: attr(child(nic, 'mac'), 'address') ?? null,
    type,
    source: names.find((name) => name !== undefined) ?? null,
    model: attr(child(nic, 'model'), 'type') ?? null,
    tap: attr(child(nic, 'target'), 'dev') ?? null,
    filter: attr(child(nic, 'filterref'), 'filter') ?? null,
  }
}

function readGraphics(graphics: XmlElement): GraphicsDescription {
  const listens = children(graphics, 'listen')
  return {
    type: attr(graphics, 'type') ?? '',
    host: attr(graphics, 'listen') ?? firstAttribute(listens, 'address'),
    port: readPort(attr(graphics, 'port')),
    tlsPort: readPort(attr(graphics, 'tlsPort')),
    socket: attr(graphics, 'socket') ?? firstAttribute(listens, 'socket'),
  }
}

function firstAttribute(elements: readonly XmlElement[], name: string): string | null {
  return elements.map((element) => attr(element, name)).find((value) => value !== undefined) ?? null
}

/** -1 and 0 stand for one that libvirt will pick. */
function readPort(text: string | undefined): number | null {
  const port = integer(text)
  return port !== null && port > 0 ? port : null
}

function readAgentChannel(channels: readonly XmlElement[]): AgentDescription {
  const targets = channels.map((channel) => child(channel, 'target'))
  const agent = targets.find((target) => attr(target, 'name') === agentChannel)
  const state = attr(agent, 'state')
  return { present: agent !== undefined, connected: state === undefined ? null : state === 'connected' }
}
