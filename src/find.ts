import { suggest, type NamedKind } from './names.js'
import type { Connection } from './virt/connection.js'
import type { Domain } from './virt/domain.js'
import { VirtError } from './virt/errors.js'
import type { NetworkFilter } from './virt/filter.js'
import type { Network } from './virt/network.js'
import type { StoragePool } from './virt/pool.js'

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

/** All names of a kind, in one call and what it takes to read the names. */
export const namesOf: Record<keyof typeof find, (host: Connection) => string[]> = {
  vm: (host) => { using domains = host.domains(); return domains.map((each) => each.name()) },
  net: (host) => { using networks = host.networks(); return networks.map((each) => each.name()) },
  pool: (host) => { using pools = host.pools(); return pools.map((each) => each.name()) },
  filter: (host) => { using filters = host.filters(); return filters.map((each) => each.name()) },
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
