import { BayError } from './errors.js'
import { suggest } from './names.js'
import type { Domain } from './virt/domain.js'
import { VirtError } from './virt/errors.js'
import type { Snapshot } from './virt/snapshot.js'

/** A snapshot by its name. @throws BayError `not-found` that names it, with near names as hints */
export function findSnapshot(domain: Domain, name: string): Snapshot {
  try {
    return domain.snapshot(name)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    using snapshots = domain.snapshots()
    const near = suggest(name, snapshots.map((each) => each.name())).map((each) => `did you mean ${each}?`)
    const vm = domain.name()
    throw new BayError('not-found', `${vm} has no snapshot ${name}`, { cause: error, hints: [...near, `see what there is: bay snapshot list ${vm}`] })
  }
}

/** A name for a snapshot that sorts by time, such as `20261123-110500`: the time of day in UTC. */
export function timeName(now: Date): string {
  return now.toISOString().replace(/^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+).*$/, '$1$2$3-$4$5$6')
}
