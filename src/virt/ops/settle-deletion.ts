import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { existing } from './define.js'
import { unlessGone } from './gone.js'
import { isInProcess } from './in-process.js'
import { peekDead } from './journal-dead.js'
import type { JournalContent } from './journal-lines.js'
import { journalPaths, mayHaveJournals } from './journal-paths.js'
import { recoverAll } from './recover.js'
import type { Reservation } from './reserve-address.js'
import { findVolume } from './undo-volume.js'
import type { VolumePlace } from './volume-use.js'

/** A deletion that an earlier run had begun, and that is finished now. */
export interface FinishedDeletion {
  uuid: string
  delete: VolumePlace[]
  keep: { path: string, why: string }[]
  release: Reservation[]
}

/**
 * Settles what dead runs wrote down about deleting a machine, before another run deletes it: if it is there, that means nothing
 * any more; if it is gone, what went with it goes now, unless disks are to be kept. Whoever calls has the machine's name for
 * itself. null when there was no such deletion, or the machine is there.
 * @throws BayError `left-behind`
 */
export async function settleDeletion(
  connection: Connection, name: string, { keepDisks }: { keepDisks: boolean },
): Promise<FinishedDeletion | null> {
  const uri = connection.uri()
  if (isInProcess(uri) || !mayHaveJournals()) return null
  using machine = existing({ find: (each) => connection.domain(each) }, name)
  const uuid = machine?.uuid()
  const isIt = ({ removes, header, steps }: JournalContent) => removes && header.uri === uri
    && (header.name === name || steps.some(({ undo }) => undo.kind === 'domain' && undo.uuid === uuid))
  const runs = await deadRuns(isIt)
  if (runs.length === 0 || (keepDisks && !machine)) return null
  const places = runs.flatMap((run) => volumesOf(connection, run))
  const recoveries = await recoverAll({
    only: uri, dryRun: false, which: isIt,
    open: () => Promise.resolve({ connection, uri, shared: true, [Symbol.asyncDispose]: () => Promise.resolve() }),
  })
  const left = recoveries.filter(({ result }) => result === 'left' || result === 'unknown')
  if (left.length > 0) throw notFinished(name, left)
  if (machine) return null
  const stay = new Set(runs.flatMap((run) => volumesOf(connection, run)).map(({ path }) => path))
  return {
    uuid: uuidOf(runs), delete: places.filter(({ path }) => !stay.has(path)),
    keep: [...stay].map((path) => ({ path, why: 'it is used by now' })),
    release: runs.flatMap(reservationsOf),
  }
}

async function deadRuns(isIt: (run: JournalContent) => boolean): Promise<JournalContent[]> {
  const runs = await Promise.all(journalPaths().map((path) => peekDead(path)))
  return runs.filter((run) => run !== null && isIt(run)).filter((run) => run !== null)
}

function volumesOf(connection: Connection, { steps }: JournalContent): VolumePlace[] {
  return steps.flatMap(({ undo }) => {
    if (undo.kind !== 'volume') return []
    // What a stopped pool holds nobody can tell.
    using volume = unlessGone(() => findVolume(connection, undo), failure.operationInvalid)
    return volume === null ? [] : { pool: undo.pool, name: undo.name, path: volume.path() }
  })
}

function reservationsOf({ steps }: JournalContent): Reservation[] {
  return steps.flatMap(({ undo }) => {
    if (undo.kind !== 'reservation') return []
    const { network, networkUuid, mac, ip } = undo
    return { network, networkUuid, mac, ip }
  })
}

function uuidOf(runs: readonly JournalContent[]): string {
  const [uuid = ''] = runs.flatMap(({ steps }) => steps.flatMap(({ undo }) => 'uuid' in undo ? undo.uuid : []))
  return uuid
}

function notFinished(name: string, rows: readonly { left: string[], error: string | null, hints: readonly string[] }[]): BayError {
  const what = rows.flatMap(({ left, error }) => [...left, error ?? []].flat())
  return new BayError('left-behind', `the machine ${name} is deleted, but not all that goes with it: ${what.join(', ')}`, {
    hints: ['bay recover', ...rows.flatMap(({ hints }) => hints)],
  })
}
