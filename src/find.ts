import { BayError, UsageError } from './errors.js'
import { compareNatural } from './output/sort.js'
import { suggest, type NamedKind } from './names.js'
import { sh } from './shell.js'
import type { Connection } from './virt/connection.js'
import type { Domain } from './virt/domain.js'
import { VirtError } from './virt/errors.js'
import type { NetworkFilter } from './virt/filter.js'
import type { Network } from './virt/network.js'
import type { StoragePool } from './virt/pool.js'
import type { StorageVolume } from './virt/volume.js'

/**
 * An object by its name.
 * @throws VirtError `not-found` that names it, with near names as hints
 */
export const find = {
  vm: (host: Connection, name: string): Domain => found(host, 'vm', name, () => host.domain(name)),
  net: (host: Connection, name: string): Network => found(host, 'net', name, () => host.network(name)),
  pool: (host: Connection, name: string): StoragePool => found(host, 'pool', name, () => host.pool(name)),
  filter: (host: Connection, name: string): NetworkFilter => found(host, 'filter', name, () => host.filter(name)),
}

/** All names of a kind in their natural order, in one call and what it takes to read the names. */
export const namesOf: Record<keyof typeof find, (host: Connection) => string[]> = {
  vm: (host) => { using domains = host.domains(); return namesIn(domains) },
  net: (host) => { using networks = host.networks(); return namesIn(networks) },
  pool: (host) => { using pools = host.pools(); return namesIn(pools) },
  filter: (host) => { using filters = host.filters(); return namesIn(filters) },
}

export interface FoundVolume extends Disposable {
  pool: string
  name: string
  volume: StorageVolume
}

/** The parts of `POOL/NAME`. A pool's name has no slash. @throws UsageError */
export function parseVolumeName(text: string): { pool: string, name: string } {
  const at = text.indexOf('/')
  if (at <= 0 || at === text.length - 1) {
    throw new UsageError(`"${text}" is not the name of a volume`, 'name it as POOL/NAME, such as default/web-1.qcow2', 'bay vol list')
  }
  return { pool: text.slice(0, at), name: text.slice(at + 1) }
}

/**
 * A volume by its `POOL/NAME`.
 * @throws VirtError `not-found` with near names as hints, BayError `wrong-state` when the pool is stopped
 */
export function findVolume(host: Connection, text: string): FoundVolume {
  const { pool: poolName, name } = parseVolumeName(text)
  using pool = findRunningPool(host, poolName)
  try {
    const volume = pool.volume(name)
    return { pool: poolName, name, volume, [Symbol.dispose]: () => volume[Symbol.dispose]() }
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    using volumes = pool.volumes()
    const near = suggest(name, volumes.map((each) => each.name())).map((each) => `did you mean ${poolName}/${each}?`)
    throw error.restated(`there is no volume ${name} in the pool ${poolName}`, [
      ...near, sh`see what there is: bay vol list ${poolName}`, sh`if it came from elsewhere: bay pool refresh ${poolName}`,
    ])
  }
}

/** @throws BayError `wrong-state` when it is stopped: only a running pool knows its volumes */
export function findRunningPool(host: Connection, name: string): StoragePool {
  const pool = find.pool(host, name)
  if (pool.isActive()) return pool
  pool[Symbol.dispose]()
  throw new BayError('wrong-state', `the pool ${name} is not active, so its volumes are not known`, { hints: [sh`bay pool start ${name}`] })
}

function namesIn(objects: readonly { name(): string }[]): string[] {
  return objects.map((each) => each.name()).sort(compareNatural)
}

const words: Partial<Record<NamedKind, string>> = { vm: 'machine', net: 'network', pool: 'pool', filter: 'filter' }

function found<T>(host: Connection, kind: keyof typeof find, name: string, lookUp: () => T): T {
  try {
    return lookUp()
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    const near = suggest(name, namesOf[kind](host)).map((each) => `did you mean ${each}?`)
    throw error.restated(`there is no ${words[kind]} named ${name}`, [...near, `see what there is: bay ${kind} list`])
  }
}
