import { posix } from 'node:path'
import { readSnapshotFiles, readVolumeReferences } from '../../xml/volume-references.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { listDomains } from '../flags.js'
import type { StoragePool } from '../pool.js'
import { unlessGone } from './gone.js'
import { readMachines } from './machine-xml.js'

export interface VolumePlace {
  pool: string
  name: string
  path: string
}

interface Layer extends VolumePlace {
  /** the path of what it is a layer over */
  backing: string | null
}

interface MachineUse {
  name: string
  running: boolean
  files: ReadonlySet<string>
  /** `pool/volume` */
  volumes: ReadonlySet<string>
}

/** Who uses which volume: read once from all machines, and from all volumes of the running pools. */
export class VolumeUse {
  #machines: readonly MachineUse[]
  #layers: Layer[]

  constructor(machines: readonly MachineUse[], layers: Layer[]) {
    this.#machines = machines
    this.#layers = layers
  }

  get machines(): readonly MachineUse[] { return this.#machines }

  static read(connection: Connection): VolumeUse {
    return new VolumeUse(machineUses(connection, { running: false }), readLayers(connection))
  }

  /** Only the volumes, which takes no look at the machines. */
  static layers(connection: Connection): VolumeUse {
    return new VolumeUse([], readLayers(connection))
  }

  /** Whether there is a layer right over one of these files. */
  isBelow(paths: readonly string[]): boolean {
    return this.#layers.some(({ backing }) => backing !== null && paths.includes(backing))
  }

  /** The machines that use a layer over this file, right over it or higher. */
  machinesOver(path: string): string[] {
    return this.#over(path).flatMap((layer) => this.machinesOn(layer))
  }

  /** The volumes that are layers right over this one, as `pool/name`. */
  layersOver({ path }: VolumePlace): string[] {
    return this.#over(path).map(({ pool, name }) => `${pool}/${name}`)
  }

  /** The machines that use the volume, or a layer over it. */
  machinesOn(volume: VolumePlace): string[] {
    const stack = this.#withLayers(volume)
    return this.machines.filter((machine) => stack.some((each) => uses(machine, each))).map(({ name }) => name)
  }

  /**
   * The machines that use a volume of the pool, or a layer over one, wherever that is; of those that have a file in the pool's
   * folder it need not be known as a volume, as of a pool that is stopped.
   */
  machinesIn({ name, path }: { name: string, path: string | null }): string[] {
    const inFolder = (file: string) => path !== null && posix.dirname(file) === path
    const isIn = ({ pool, path: file, backing }: Layer) => pool === name || inFolder(file) || inFolder(backing ?? '')
    const own = this.#layers.filter(isIn)
    const stacks = own.flatMap((volume) => this.#withLayers(volume))
    return this.machines
      .filter((machine) => stacks.some((each) => uses(machine, each)) || [...machine.files].some(inFolder)
        || [...machine.volumes].some((volume) => volume.startsWith(`${name}/`)))
      .map((machine) => machine.name)
  }

  /** The path of a volume of a running pool, by its `pool/name`. */
  pathOf(name: string): string {
    return this.#layers.find((each) => `${each.pool}/${each.name}` === name)?.path ?? ''
  }

  /** The volume exists no more. */
  forget({ path }: Pick<VolumePlace, 'path'>): void {
    this.#layers = this.#layers.filter((layer) => layer.path !== path)
  }

  /** What the layer held is in what lies below it, which whoever used the layer uses now. */
  merge(layer: string, below: string): void {
    this.forget({ path: layer })
    this.#layers = this.#layers.map((each) => each.backing === layer ? { ...each, backing: below } : each)
    const now = (files: ReadonlySet<string>) => files.has(layer) ? new Set([...files, below]) : files
    this.#machines = this.#machines.map((each) => ({ ...each, files: now(each.files) }))
  }

  /** How many layers lie below a volume: the upper ones must be deleted first. */
  depth(path: string): number {
    const seen = new Set<string>()
    let below: string | null = path
    while (below !== null && !seen.has(below)) {
      seen.add(below)
      below = this.#layers.find((layer) => layer.path === below)?.backing ?? null
    }
    return seen.size
  }

  #over(path: string): Layer[] {
    return this.#layers.filter(({ backing }) => backing === path)
  }

  #withLayers(volume: VolumePlace): VolumePlace[] {
    const found = new Map<string, VolumePlace>()
    const add = (each: VolumePlace): void => {
      if (found.has(each.path)) return
      found.set(each.path, each)
      this.#over(each.path).forEach(add)
    }
    add(volume)
    return [...found.values()]
  }
}

/** All volumes of the running pools as `pool/name`, layers before what they lie over. */
export function deletableVolumes(connection: Connection): string[] {
  const layers = readLayers(connection)
  const use = new VolumeUse([], layers)
  return layers.map(({ pool, name, path }) => ({ name: `${pool}/${name}`, depth: use.depth(path) }))
    .sort((a, b) => b.depth - a.depth || a.name.localeCompare(b.name, 'en', { numeric: true }))
    .map(({ name }) => name)
}

/** What storage each machine uses, as it runs and as it will start. */
export function machineUses(connection: Connection, which: { running: boolean }): MachineUse[] {
  const snapshots = snapshotFiles(connection)
  return readMachines(connection, which).map(({ name, running, xmls }) => {
    const references = xmls.map(readVolumeReferences)
    return {
      name, running, files: new Set([...references.flatMap(({ files }) => files), ...snapshots.get(name) ?? []]),
      volumes: new Set(references.flatMap(({ volumes }) => volumes.map(({ pool, volume }) => `${pool}/${volume}`))),
    }
  })
}

/** What the snapshots of machines keep; most machines have none. */
function snapshotFiles(connection: Connection): Map<string, string[]> {
  using domains = connection.domains(listDomains.hasSnapshot)
  return new Map(domains.map((domain) => [domain.name(), unlessGone(() => filesOfSnapshots(domain), failure.noDomain) ?? []]))
}

export function filesOfSnapshots(domain: Domain): string[] {
  using snapshots = domain.snapshots()
  return snapshots.flatMap((snapshot) => unlessGone(() => readSnapshotFiles(snapshot.xml()), failure.noSnapshot) ?? [])
}

function uses({ files, volumes }: MachineUse, { pool, name, path }: VolumePlace): boolean {
  return files.has(path) || volumes.has(`${pool}/${name}`)
}

function readLayers(connection: Connection): Layer[] {
  using pools = connection.pools()
  return pools.flatMap((pool) => pool.isActive() ? layersIn(pool) : [])
}

/** A pool may have been stopped since it was listed, and a volume deleted. */
function layersIn(pool: StoragePool): Layer[] {
  using volumes = unlessGone(() => pool.volumes(), failure.noPool, failure.operationInvalid)
  return (volumes ?? []).flatMap((volume) => {
    const xml = unlessGone(() => volume.xml(), failure.noVolume)
    if (xml === null) return []
    const { name, path, backing } = readVolume(xml)
    return { pool: pool.name(), name, path: path ?? volume.path(), backing: backing?.path ?? null }
  })
}
