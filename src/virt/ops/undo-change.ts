import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { parse } from '../../xml/node.js'
import { readDomain } from '../../xml/domain-description.js'
import { diskFiles } from '../../xml/snapshot.js'
import { child, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { redefine, storedDefinition } from './change-definition.js'
import { existing } from './define.js'
import { bringBackGenerated } from './generated-filter.js'
import { missingDisks } from './missing-disks.js'
import { readSnapshots } from './list-snapshots.js'
import { VolumeUse } from './volume-use.js'
import { digest, historiesNamed, historyOf, recordChange } from './history.js'
import type { HistoryEntry } from './history-entry.js'
import { inForce } from './history-undone.js'

export interface UndoOptions {
  dryRun: boolean
  /** the change to take back, with all after it; absent is the last one that is in force */
  to?: number
  /** also when it was changed since by others, or misses disks */
  force?: boolean
}

export interface Undone {
  changed: boolean
  said: string
  /** null when there was nothing to take back */
  undone: { number: number, command: string, time: string } | null
  /** whether it runs, so that this counts from its next start on */
  running: boolean
}

/**
 * Puts back the definition that a machine had before a change; of a machine that was deleted, its definition. What runs goes on
 * as it is. The taking back is a change too, and can be taken back. Whoever calls has the machine's name for itself.
 * @throws BayError `not-found` without such a change; `wrong-state` when something else changed it since, or a disk is gone or kept
 *   by a snapshot
 */
export async function undoChange(connection: Connection, name: string, options: UndoOptions): Promise<Undone> {
  using domain = existing({ find: (wanted: string) => connection.domain(wanted) }, name)
  const entries = domain ? historyOf(connection, domain.uuid()) : historyOfDeleted(connection, name)
  const entry = chosen(entries, name, options)
  if (!options.force) await refuseMissing(connection, entry)
  return domain ? putBack(connection, domain, { entries, entry, options }) : bringBack(connection, entry, options)
}

/** Of several machines that had the name, the one that was changed last. */
export function historyOfDeleted(connection: Connection, name: string): HistoryEntry[] {
  const last = (entries: readonly HistoryEntry[]) => entries.at(-1)?.time ?? ''
  const [newest] = historiesNamed(connection, name).sort((a, b) => last(b).localeCompare(last(a)))
  if (newest) return newest
  throw new BayError('not-found', `there is no machine named ${name}, and no history of one`, { hints: ['see what there is: bay vm list'] })
}

function chosen(entries: readonly HistoryEntry[], name: string, { to }: UndoOptions): HistoryEntry {
  const number = to ?? inForce(entries).at(-1)
  const entry = entries.find((each) => each.number === number)
  if (entry?.before === '') throw broughtBack(name, entry)
  if (entry) return entry
  if (to === undefined) throw new BayError('not-found', `of ${name} there is nothing to take back`, { hints: [sh`bay history ${name}`] })
  throw new BayError('not-found', `the history of ${name} has no change ${to}`, { hints: [sh`bay history ${name}`] })
}

interface Step { entries: readonly HistoryEntry[], entry: HistoryEntry, options: UndoOptions }

function putBack(connection: Connection, domain: Domain, { entries, entry, options: { dryRun, force } }: Step): Undone {
  const name = domain.name()
  const before = storedDefinition(domain)
  const last = entries.at(-1)
  // A read-only connection sees no passwords, so that it cannot tell.
  if (!force && !dryRun && last && digest(before) !== last.after) throw changedSince(name, last)
  const running = domain.isActive()
  const done = outcome(entry, { running, dryRun, verb: dryRun ? 'would be taken back' : 'taken back' })
  if (before === entry.before) return { ...done, changed: false, said: 'is so already' }
  if (!force) refuseKept(connection, domain, { before, wanted: entry.before })
  if (dryRun) return done
  const old = nameIn(entry.before)
  if (old !== name && running) throw new BayError('wrong-state', `${name} runs, and cannot get its name ${old} back`, { hints: [sh`bay vm stop ${name}`] })
  bringBackGenerated(connection, entry.filters ?? [])
  if (old === name) redefine(connection, domain, entry.before, { command: 'undo', before, undoes: entry.number })[Symbol.dispose]()
  else renameBack(connection, domain, entry, before)
  return done
}

/** libvirt takes no other name for the same UUID, so that comes first. */
function renameBack(connection: Connection, domain: Domain, entry: HistoryEntry, before: string): void {
  using record = recordChange(connection, domain, { command: 'undo', before, undoes: entry.number })
  domain.rename(nameIn(entry.before))
  using now = connection.defineDomain(entry.before)
  record.keep(storedDefinition(now))
}

function bringBack(connection: Connection, entry: HistoryEntry, { dryRun }: UndoOptions): Undone {
  const done = outcome(entry, { running: false, dryRun, verb: dryRun ? 'would be defined again' : 'defined again' })
  if (dryRun) return done
  bringBackGenerated(connection, entry.filters ?? [])
  using domain = connection.defineDomain(entry.before)
  using record = recordChange(connection, domain, { command: 'undo', before: '', undoes: entry.number })
  record.keep(storedDefinition(domain))
  return done
}

function outcome(
  { number, command, time }: HistoryEntry, { running, dryRun, verb }: { running: boolean, dryRun: boolean, verb: string },
): Undone {
  const when = running ? `; it ${dryRun ? 'would run' : 'runs'} on as it is until it is stopped` : ''
  return { changed: true, said: `${command} of ${time} ${verb}${when}`, undone: { number, command, time }, running }
}

function nameIn(xml: string): string {
  return textOf(child(parse(xml), 'name')) ?? ''
}

function broughtBack(name: string, { number }: HistoryEntry): BayError {
  return new BayError('wrong-state', `change ${number} brought ${name} back: before it there was no such machine`, { hints: [sh`bay vm delete --keep-disks ${name}`] })
}

async function refuseMissing(connection: Connection, entry: HistoryEntry): Promise<void> {
  const missing = await missingDisks(connection, entry.before)
  if (missing.length === 0) return
  throw new BayError('wrong-state', `what ${entry.name} had before has disks that are gone: ${missing.join(', ')}`, {
    hints: [sh`bay undo --force ${entry.name} to define it all the same`, sh`bay history ${entry.name} ${entry.number} shows the change`],
  })
}

/** A machine that wrote to what a snapshot keeps, or to what lies below layers, would spoil those. */
function refuseKept(connection: Connection, domain: Domain, { before, wanted }: { before: string, wanted: string }): void {
  const now = writtenBy(before)
  const back = writtenBy(wanted).filter((path) => !now.includes(path))
  if (back.length === 0) return
  const name = domain.name()
  for (const { name: snapshot, disks, domain: kept } of readSnapshots(domain)) {
    const files = diskFiles(kept)
    const path = disks.flatMap(({ target, kind }) => kind === 'external' ? files.get(target) ?? [] : []).find((each) => back.includes(each))
    if (path === undefined) continue
    throw new BayError('wrong-state', `${name} would write to ${path}, which its snapshot ${snapshot} keeps`, {
      hints: [sh`bay snapshot revert ${name} ${snapshot} brings back what it was then`, sh`bay snapshot delete ${name} ${snapshot} keeps what it is now`],
    })
  }
  const use = VolumeUse.layers(connection)
  for (const path of back) {
    const [layer] = use.layersOver({ pool: '', name: '', path })
    if (layer !== undefined) throw new BayError('wrong-state', `${name} would write to ${path}, and the volume ${layer} is a layer over it`, { hints: [sh`bay vol show ${layer}`, sh`bay undo --force ${name} to put it back all the same`] })
  }
}

function writtenBy(xml: string): string[] {
  return readDomain(xml).disks.flatMap(({ device, readonly, path }) => device === 'disk' && !readonly ? path ?? [] : [])
}

function changedSince(name: string, { number, after }: HistoryEntry): BayError {
  const what = after === null ? `change ${number} was cut in the middle` : 'something else than bay changed it since'
  return new BayError('wrong-state', `${name} is not as the last change left it: ${what}`, {
    hints: [sh`bay history ${name} shows what is known`, sh`bay undo --force ${name} to put it back all the same`],
  })
}
