import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { allSnapshots } from './list-snapshots.js'

/** A machine that is in a group, and which of its snapshots are meant, the oldest first. */
export interface GroupMember { vm: string, snapshots: string[] }

/**
 * The machines of a group of snapshots; `snapshot` is one of those that the group has taken, for it may do so every night.
 * @throws BayError `not-found`
 */
export function groupMembers(connection: Connection, group: string, snapshot: string | undefined): GroupMember[] {
  const rows = allSnapshots(connection).filter((row) => row.group === group)
  if (rows.length === 0) throw new BayError('not-found', `there is no group ${group} of snapshots`, { hints: ['bay snapshot list'] })
  const meant = rows.filter(({ name }) => snapshot === undefined || name === snapshot)
  if (meant.length === 0) throw new BayError('not-found', `the group ${group} has no snapshot ${snapshot}`, { hints: [sh`bay snapshot list --group=${group}`] })
  const namesOf = (vm: string) => meant.filter((row) => row.vm === vm).map(({ name }) => name)
  return [...new Set(meant.map(({ vm }) => vm))].map((vm) => ({ vm, snapshots: namesOf(vm) }))
}

/** What the members have in common. @throws UsageError for a group that has taken several, none of which was named */
export function onlySnapshot(group: string, members: readonly GroupMember[]): string {
  const [only = '', ...others] = [...new Set(members.flatMap(({ snapshots }) => snapshots))].sort()
  if (others.length === 0) return only
  throw new UsageError(`the group ${group} has ${others.length + 1} snapshots: ${[only, ...others].join(', ')}`, `name one: --group ${group} ${others.at(-1)}`)
}
