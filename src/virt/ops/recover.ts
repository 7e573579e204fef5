import { hostname as thisSystem } from 'node:os'
import { basename } from 'node:path'
import { BayError, type ErrorCode } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Host } from './host.js'
import { lockName, sweepLocks } from './host-lock.js'
import { DeadJournal, peekDead } from './journal-dead.js'
import { noHost, type Header, type JournalContent, type JournalStep } from './journal-lines.js'
import { journalPaths } from './journal-paths.js'
import { sweepPrivateFolders } from './private-folder.js'
import { removeStaleBindings } from './stale-bindings.js'
import { recoverHere } from './recover-here.js'
import { keepAll, recoverRun, type RecoveredStep } from './recover-run.js'

/** What became of one dead run. */
export interface Recovery {
  /** the name of its journal */
  run: string
  uri: string | null
  command: string | null
  name: string | null
  /** ISO 8601 */
  started: string | null
  /**
   * `finished`: all that it made stays, or all that it was to delete; `recovered`: undone, or its deletion is finished;
   * `left`: not all of it; `unknown`: host or journal cannot be read
   */
  result: 'finished' | 'recovered' | 'left' | 'unknown'
  /** what it made; in a dry run what would be undone */
  undone: string[]
  /** what it was to delete, and is now; in a dry run what would be */
  deleted: string[]
  kept: string[]
  left: string[]
  /** what to do about what is left or unknown */
  hints: readonly string[]
  /** why it is unknown, and the kind of that error */
  error: string | null
  code: ErrorCode | null
}

export interface RecoverOptions {
  /** the URI, as libvirt says it, of the one host that is meant; undefined for all hosts */
  only?: string
  open: (uri: string) => Promise<Host>
  dryRun: boolean
  /** the runs that are meant, of those hosts; all when absent */
  which?: (run: JournalContent) => boolean
}

/**
 * Undoes what dead runs left, or keeps it when they were all but done. A host that cannot be reached does not stop the rest,
 * and its journals stay.
 */
export async function recoverAll(options: RecoverOptions): Promise<Recovery[]> {
  const hosts = new Map<string, Promise<Host>>()
  const open = (uri: string) => {
    const host = hosts.get(uri) ?? options.open(uri)
    hosts.set(uri, host)
    return host
  }
  const recoveries: Recovery[] = []
  // The newest first: it may have built on what an older one made.
  for (const path of journalPaths().toReversed()) {
    recoveries.push(...await recover(path, { ...options, open }))
  }
  if (!options.dryRun) await Promise.all([sweepLocks(), sweepPrivateFolders()])
  return recoveries
}

/** One dead run; no result when it lives or had not begun, or when another host is meant. */
async function recover(path: string, { only, open, dryRun, which }: RecoverOptions): Promise<Recovery[]> {
  let header: Header | undefined
  try {
    // A run that makes such a volume anew takes these two in the same order.
    const seen = await peekDead(path)
    header = seen?.header
    if (which && !(seen && which(seen))) return []
    using _names = await lockVolumes(dryRun ? null : seen)
    using journal = await DeadJournal.take(path)
    const content = journal?.read()
    header = content?.header
    if (!journal || (header && only !== undefined && header.uri !== only)) return []
    const steps = content && content.steps.length > 0 ? await onItsHost(journal, content, { open, dryRun }) : []
    if (!dryRun && steps.every(({ result }) => result !== 'left')) journal.remove()
    return header ? [{ ...about(path, header), ...summary(steps, content?.removes) }] : []
  } catch (error) {
    return [{ ...about(path, header), ...unknown(error) }]
  }
}

/** Nobody makes the volumes anew while they are looked for and removed. */
async function lockVolumes(content: JournalContent | null): Promise<Disposable> {
  const locks: Disposable[] = []
  const held = { [Symbol.dispose]: () => { for (const lock of locks.splice(0)) lock[Symbol.dispose]() } }
  const names = content?.steps.flatMap(({ undo }) => undo.kind === 'volume' ? `${undo.pool}/${undo.name}` : []) ?? []
  try {
    for (const name of names.sort()) locks.push(await lockName(content?.header.uri ?? '', 'vol', name))
    return held
  } catch (error) {
    held[Symbol.dispose]()
    throw error
  }
}

async function onItsHost(
  journal: DeadJournal, content: JournalContent, { open, dryRun }: Pick<RecoverOptions, 'open' | 'dryRun'>,
): Promise<RecoveredStep[]> {
  const { uri } = content.header
  if (content.complete) return [...keepAll(content, 'all was made; only waiting remained').values()]
  const how = { dryRun }
  const results = uri === noHost ? hereOnly(content, how) : await recoverOn((await open(uri)).connection, content, how)
  if (!dryRun) journal.over(content.steps.filter((step) => results.get(step)?.result !== 'left'))
  return [...results.values()]
}

async function recoverOn(connection: Connection, content: JournalContent, { dryRun }: How): Promise<Results> {
  refuseOther(connection.hostname(), content.header.hostname)
  const results = await recoverRun(connection, content, { dryRun })
  if (!dryRun) removeStaleBindings(connection, machinesOf(content))
  return results
}

function hereOnly(content: JournalContent, { dryRun }: How): Results {
  refuseOther(thisSystem(), content.header.hostname)
  return recoverHere(content, { dryRun })
}

/** The UUIDs of machines that the run may have started or stopped. */
function machinesOf({ steps, removes }: JournalContent): string[] {
  return steps.flatMap(({ undo }) => undo.kind === 'running' || (removes && undo.kind === 'domain') ? undo.uuid : [])
}

/** One URI means this host today and, in a home folder that several share, another one tomorrow. */
function refuseOther(here: string, hostname: string): void {
  if (here === hostname) return
  throw new BayError('cannot-connect', `it was on the host ${hostname}, and this one is ${here}`, {
    hints: [sh`run bay recover on ${hostname}`],
  })
}

type How = Pick<RecoverOptions, 'dryRun'>
type Results = Map<JournalStep, RecoveredStep>
type About = Pick<Recovery, 'run' | 'uri' | 'command' | 'name' | 'started'>
type Summary = Omit<Recovery, keyof About>

function about(path: string, header: Header | undefined): About {
  const { command = null, name = null, started = null } = header ?? {}
  return { run: basename(path, '.jsonl'), uri: header?.uri || null, command, name, started }
}

function summary(steps: readonly RecoveredStep[], removes = false): Summary {
  const those = (wanted: RecoveredStep['result']) => steps.filter(({ result }) => result === wanted)
  const [gone, kept, left] = [those('undone'), those('kept'), those('left')]
  const inWords = ({ what, why }: RecoveredStep) => why === undefined ? what : `${what} (${why})`
  return {
    result: left.length > 0 ? 'left' : kept.length > 0 && kept.length === steps.length ? 'finished' : 'recovered',
    undone: removes ? [] : gone.map(inWords), deleted: removes ? gone.map(inWords) : [],
    kept: kept.map(inWords), left: left.map(inWords),
    hints: left.flatMap(({ removeBy }) => removeBy ?? []), error: null, code: null,
  }
}

function unknown(error: unknown): Summary {
  if (!(error instanceof BayError)) throw error
  return { ...summary([]), result: 'unknown', hints: error.hints, error: error.message, code: error.code }
}
