import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BayError, UsageError } from './errors.js'
import { suggest } from './names.js'
import { sh } from './shell.js'
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
    throw new BayError('not-found', `${vm} has no snapshot ${name}`, { cause: error, hints: [...near, sh`see what there is: bay snapshot list ${vm}`] })
  }
}

/** A name for a snapshot that sorts by time, such as `20261123-110500`: the time of day in UTC. */
export function timeName(now: Date): string {
  return now.toISOString().replace(/^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+).*$/, '$1$2$3-$4$5$6')
}

/** The same, or the next after it that no snapshot of the machine has: of two runs in one second both succeed. */
export function freeName(domain: Domain, name: string): string {
  using snapshots = domain.snapshots()
  const taken = new Set(snapshots.map((each) => each.name()))
  for (let next = 2, free = name; ; next += 1) {
    if (!taken.has(free)) return free
    free = `${name}-${next}`
  }
}

/** What is meant by the words of `snapshot revert` and `delete`. */
export const snapshotArgs = {
  name: Args.string({ ignoreStdin: true, description: 'the machine\'s name; with --group the snapshot\'s, of a group that has several' }),
  snapshot: Args.string({ ignoreStdin: true, description: 'the snapshot\'s name' }),
}

export const groupFlag = Flags.string({ helpValue: 'NAME', description: 'of all machines of this group, in place of one machine' })

/** A machine's, or a group's; `needed`: of a machine one must be named. @throws UsageError for what does not go together */
export function whichSnapshots(
  { name, snapshot }: { name?: string, snapshot?: string }, group: string | undefined, { needed }: { needed: boolean },
): { vm: string, snapshot: string | undefined } | { group: string, snapshot: string | undefined } {
  if (group !== undefined && snapshot !== undefined) throw new UsageError('--group stands for the machines, so none is named', `--group ${group} ${snapshot}`)
  if (group !== undefined) return { group, snapshot: name }
  if (name === undefined) throw new UsageError('no machine is named', 'give the machine and its snapshot, or --group NAME', 'bay snapshot list')
  if (needed && snapshot === undefined) throw new UsageError(`no snapshot of ${name} is named`, sh`bay snapshot list ${name}`)
  return { vm: name, snapshot }
}
