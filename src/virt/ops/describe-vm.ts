import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { DiskDescription, GraphicsDescription } from '../../xml/domain-device-descriptions.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { vmAddresses, type OpenForAgents } from './host-addresses.js'
import { readRun } from './run-mark.js'
import { addressesOfCard, currentOnes, type KnownAddress, type NicAddress } from './vm-addresses.js'

/** What `vm show` says of a machine: bytes and seconds; what is not known is null. */
export interface VmDetails {
  name: string
  uuid: string
  state: string
  reason: string
  id: number | null
  persistent: boolean
  autostart: boolean
  vcpus: number
  maxVcpus: number
  memory: number
  maxMemory: number
  os: string | null
  firmware: string
  virt: string
  arch: string | null
  machine: string | null
  cpuTime: number | null
  uptime: number | null
  /** those that its present run has */
  addresses: string[]
  /** with where each is known from, and leases that are not of its present run */
  addressDetails: KnownAddress[]
  disks: VmDisk[]
  nics: VmNic[]
  graphics: { type: string, host: string | null, port: number | null, uri: string | null }[]
  snapshots: number
  protected: boolean
  profile: string | null
  description: string | null
}

export interface VmDisk extends DiskDescription {
  capacity: number | null
  allocation: number | null
}

export interface VmNic {
  mac: string | null
  type: string
  source: string | null
  model: string | null
  tap: string | null
  filter: string | null
  addresses: NicAddress[]
}

/** Everything about one machine, live as far as it runs. */
export async function describeVm(connection: Connection, domain: Domain, openForAgents: OpenForAgents): Promise<VmDetails> {
  const xml = readDomain(domain.xml())
  const state = domain.state()
  const id = domain.id()
  const running = id !== null
  const known = running ? await vmAddresses(connection, domain, xml, openForAgents) : []
  const nics = xml.nics.map((nic) => ({ ...nic, addresses: addressesOfCard(known, nic.mac) }))
  const persistent = domain.isPersistent()
  return {
    // Not as in the XML, where a carriage return would read as a line feed.
    name: domain.name(), uuid: domain.uuid(), ...state, id, persistent,
    ...(state.state === 'off' && persistent && domain.hasSavedState() ? { state: 'saved' } : {}),
    autostart: persistent && domain.autostart(),
    ...sizes(xml),
    os: xml.osId, firmware: xml.firmware, virt: xml.virt, arch: xml.arch, machine: xml.machine,
    ...times(domain, running),
    addresses: currentOnes(known), addressDetails: known,
    disks: xml.disks.map((disk) => describeDisk(connection, domain, disk)),
    nics,
    graphics: xml.graphics.map(describeGraphics),
    snapshots: domain.snapshotCount(),
    protected: xml.metadata?.['protected'] === 'true',
    profile: xml.metadata?.['profile'] ?? null,
    description: xml.description,
  }
}

function sizes({ vcpus, maxVcpus, memory, maxMemory }: DomainDescription) {
  return { vcpus, maxVcpus, memory, maxMemory }
}

function times(domain: Domain, running: boolean): { cpuTime: number | null, uptime: number | null } {
  if (!running) return { cpuTime: null, uptime: null }
  const { started } = readRun(domain)
  return { cpuTime: domain.info().cpuTime, uptime: started === null ? null : Math.max(0, (Date.now() - started) / 1000) }
}

/** A disk with its size and, when it lies in a pool, its place there. */
function describeDisk(connection: Connection, domain: Domain, disk: DiskDescription): VmDisk {
  const place = known(() => placeOf(connection, disk)) ?? {}
  const size = disk.path === null && disk.pool === null ? undefined : known(() => domain.diskSize(disk.target))
  return { ...disk, ...place, capacity: size?.capacity ?? null, allocation: size?.allocation ?? null }
}

type Place = Pick<VmDisk, 'path' | 'pool' | 'volume'>

function placeOf(connection: Connection, { path, pool, volume }: DiskDescription): Place | undefined {
  if (pool !== null && volume !== null) {
    using held = connection.pool(pool)
    using found = held.volume(volume)
    return { path: found.path(), pool, volume }
  }
  if (path === null) return undefined
  using found = connection.volumeByPath(path)
  using held = connection.poolOf(found)
  return { path, pool: held.name(), volume: found.name() }
}

/** A disk outside all pools, or whose file is gone, is no reason to show nothing. */
function known<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return undefined
    throw error
  }
}

function describeGraphics({ type, host, port }: GraphicsDescription): VmDetails['graphics'][number] {
  const name = host !== null && host.includes(':') ? `[${host}]` : host
  return { type, host, port, uri: name !== null && port !== null ? `${type}://${name}:${port}` : null }
}
