import { posix } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'
import { domainXml } from '../flags.js'
import { unlessGone } from './gone.js'
import { isExternal, readSnapshots } from './list-snapshots.js'
import { PlanPools } from './plan-pools.js'
import { refuseSaved } from './refuse-saved.js'

export interface WantedSnapshot {
  name: string
  kind: 'internal' | 'external' | undefined
  /** undefined: with memory when it runs */
  memory: boolean | undefined
}

export interface PlannedLayer {
  target: string
  pool: string
  poolUuid: string
  /** the volume's name */
  name: string
  path: string
  backing: { path: string, format: string }
  /** bytes */
  capacity: number
}

export interface SnapshotPlan {
  name: string
  kind: 'internal' | 'external'
  /** why it is not the kind that it would be else */
  because: string | null
  memory: boolean
  running: boolean
  /** whether an agent answers in the guest */
  agent: boolean
  /** disks that are kept, and those that are not */
  disks: string[]
  left: string[]
  /** the new layer of each disk of an external one */
  layers: PlannedLayer[]
  /** the volume that holds its memory */
  memoryFile: { pool: string, poolUuid: string, name: string, path: string } | null
}

/**
 * Decides how a machine's snapshot is taken: inside of its disks where all that it needs can do so, else by new layers over them,
 * which lie beside them in their pools. Discs, and disks that the guest cannot write, are not part of it.
 * @throws BayError `exists`, `wrong-state`; UsageError for what does not go together
 */
export function planSnapshot(connection: Connection, domain: Domain, { name, kind, memory }: WantedSnapshot): SnapshotPlan {
  const { state } = domain.state()
  const running = state !== 'off'
  const machine = readDomain(domain.xml(running ? 0 : domainXml.inactive))
  const earlier = readSnapshots(domain)
  if (earlier.some((each) => each.name === name)) {
    throw new BayError('exists', `${machine.name} has a snapshot ${name} already`, { hints: [sh`bay snapshot list ${machine.name}`, 'give another --name'] })
  }
  if (memory && !running) throw new UsageError(`${machine.name} is off and has no memory to keep`, 'leave out --memory')
  const withMemory = memory ?? running
  const disks = machine.disks.filter((disk) => disk.device === 'disk' && !disk.readonly)
  if (disks.length === 0) throw new BayError('wrong-state', `${machine.name} has no disk that could be kept`)
  if (running) refuseBusy(domain, disks)
  const hindrance = whyNotInternal(machine, disks, { diskOnly: running && !withMemory, layered: earlier.some(isExternal) })
  if (kind === 'internal' && hindrance !== null) {
    throw new BayError('wrong-state', `an internal snapshot of ${machine.name} is not possible: ${hindrance}`, { hints: ['leave out --internal'] })
  }
  const chosen = kind ?? (hindrance === null ? 'internal' : 'external')
  if (chosen === 'external') refuseSaved(domain)
  const plan: SnapshotPlan = {
    name, kind: chosen, because: kind === undefined ? hindrance : null, memory: withMemory, running,
    agent: machine.agentChannel.connected === true, disks: disks.map(({ target }) => target),
    left: machine.disks.filter((disk) => !disks.includes(disk)).map(({ target }) => target), layers: [], memoryFile: null,
  }
  return chosen === 'internal' ? plan : { ...plan, ...planLayers(connection, machine.name, disks, { name, withMemory }) }
}

type Disk = DomainDescription['disks'][number]

/** libvirt takes none while another long job is under way. */
function refuseBusy(domain: Domain, disks: readonly Disk[]): void {
  const job = unlessGone(() => domain.job(), failure.noSupport)
  const busy = disks.find(({ target }) => unlessGone(() => domain.blockJob(target), failure.noSupport))
  if (!job && !busy) return
  const what = busy ? `its disk ${busy.target} is being copied or merged` : 'such as a backup, a save or a migration'
  throw new BayError('busy', `another long job of ${domain.name()} is under way: ${what}`, { hints: ['again once that has ended'] })
}

function whyNotInternal(
  { firmware }: DomainDescription, disks: readonly Disk[], { diskOnly, layered }: { diskOnly: boolean, layered: boolean },
): string | null {
  const other = disks.find(({ format }) => format !== 'qcow2')
  if (other) return `its disk ${other.target} is ${other.format ?? 'of an unknown format'}, not qcow2`
  if (firmware === 'uefi') return 'libvirt takes no internal one of a machine with UEFI'
  if (diskOnly) return 'an internal one of a running machine has the memory in it'
  return layered ? 'it has external snapshots already' : null
}

function planLayers(
  connection: Connection, vm: string, disks: readonly Disk[], { name, withMemory }: { name: string, withMemory: boolean },
): Pick<SnapshotPlan, 'layers' | 'memoryFile'> {
  const layers = disks.map((disk) => planLayer(connection, vm, disk, name))
  const [first] = layers
  if (!withMemory || !first) return { layers, memoryFile: null }
  const file = `${vm}.${name}.memory`
  const { pool, poolUuid } = first
  return { layers, memoryFile: { pool, poolUuid, name: file, path: posix.join(posix.dirname(first.path), file) } }
}

/** A new layer over a machine's disk, named after the machine, the disk and what it is for. */
export function planLayer(connection: Connection, vm: string, disk: Disk, suffix: string): PlannedLayer {
  using pools = new PlanPools(connection)
  const where = `the disk ${disk.target} (${disk.path ?? `${disk.pool}/${disk.volume}`}) of ${vm}`
  const below = volumeOf(connection, disk)
  if (below === null) throw new BayError('wrong-state', `${where} is in no pool, so nobody can put a layer beside it`, { hints: ['make its folder a pool: bay pool create NAME --path FOLDER'] })
  const { handle, folder, holdsFiles } = pools.choose(below.pool)
  if (!holdsFiles) throw new BayError('wrong-state', `${where} is in the pool ${below.pool}, which holds no files that a layer could be`)
  const name = `${vm}.${suffix}.${disk.target}.qcow2`
  return {
    target: disk.target, pool: below.pool, poolUuid: handle.uuid(), name, path: posix.join(folder, name), capacity: below.capacity,
    backing: { path: below.path, format: disk.format ?? 'raw' },
  }
}

function volumeOf(connection: Connection, { path, pool, volume }: Disk): { pool: string, path: string, capacity: number } | null {
  try {
    using held = pool === null ? null : connection.pool(pool)
    using found = held && volume !== null ? held.volume(volume) : connection.volumeByPath(path ?? '')
    using holder = connection.poolOf(found)
    return { pool: holder.name(), path: found.path(), capacity: found.info().capacity }
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-found') return null
    throw error
  }
}
