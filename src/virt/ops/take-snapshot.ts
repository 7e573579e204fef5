import { kept, type Keep } from '../../retention.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { mustHaveAgent } from './agent.js'
import { createSnapshot } from './create-snapshot.js'
import { deleteSnapshot } from './delete-snapshot.js'
import { snapshotsOf } from './list-snapshots.js'
import type { MergeReport } from './commit-layer.js'
import { planSnapshot, type SnapshotPlan, type WantedSnapshot } from './plan-snapshot.js'

export interface TakeOptions extends WantedSnapshot, MergeReport {
  description: string | null
  /** whether bay has chosen the name */
  auto: boolean
  /** undefined: when an agent answers and the memory is not kept */
  quiesce: boolean | undefined
  keep: Keep | undefined
  dryRun: boolean
  now: Date
  signal: AbortSignal
}

export interface TakenSnapshot {
  changed: true
  said: string
  snapshot: string
  kind: 'internal' | 'external'
  memory: boolean
  quiesced: boolean
  layers: string[]
  /** older ones that went by the rule of what is kept */
  deleted: string[]
}

/** Takes a snapshot of a machine, then deletes older ones by the rule of what is kept. Whoever calls has its name for itself. */
export async function takeSnapshot(connection: Connection, domain: Domain, options: TakeOptions): Promise<TakenSnapshot> {
  const { name, auto, dryRun, quiesce, description, keep, now } = options
  const plan = planSnapshot(connection, domain, options)
  if (quiesce && plan.running && !plan.memory) mustHaveAgent(domain)
  const quiesced = plan.running && !plan.memory && (quiesce ?? plan.agent)
  const mark = { auto, group: null }
  if (!dryRun) await createSnapshot(connection, domain, plan, { ...options, description, mark, quiesce: quiesced })
  const old = keep ? tooOld(domain, keep, { name, now, auto, group: null }) : []
  if (!dryRun) for (const each of old) await deleteSnapshot(connection, domain, each, options)
  const [taken, deleted] = dryRun ? ['would be taken', 'would be deleted'] : ['taken', 'deleted']
  return {
    changed: true, snapshot: name, kind: plan.kind, memory: plan.memory, quiesced,
    layers: plan.layers.map(({ path }) => path), deleted: old,
    said: [`snapshot ${name} ${taken} (${inWords(plan, quiesced)})`, ...old.map((each) => `${each} ${deleted}`)].join('; '),
  }
}

/** The snapshot that is being taken, or null for none. */
export interface Newest { name: string | null, now: Date, auto: boolean, group: string | null }

/** The snapshots of a group, or of none, that a rule does not keep, the oldest first: of those that bay has named. */
export function tooOld(domain: Domain, keep: Keep, { name, now, auto, group }: Newest): string[] {
  const rows = snapshotsOf(domain).filter((row) => row.auto && row.group === group && row.name !== name)
    .map((row) => ({ name: row.name, time: new Date(row.created) }))
  const all = auto && name !== null ? [...rows, { name, time: now }] : rows
  const chosen = kept(all, ({ time }) => time, keep, now)
  return all.filter((each) => !chosen.has(each)).sort((a, b) => a.time.getTime() - b.time.getTime()).map((each) => each.name)
}

/** How a snapshot is taken, for people. */
export function inWords({ kind, because, memory, running }: SnapshotPlan, quiesced: boolean): string {
  const what = !running ? 'it is off' : memory ? 'with memory' : quiesced ? 'disks only, quiesced' : 'disks only, not quiesced'
  return `${kind}${because === null ? '' : ` because ${because}`}, ${what}`
}
