import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import type { Host } from './host.js'
import { DeadJournal } from './journal-dead.js'
import type { Header, JournalContent } from './journal-lines.js'
import { journalPaths } from './journal-paths.js'
import { recoverRun, type RecoveredStep } from './recover-run.js'

/** What became of one dead run. */
export interface Recovery {
  /** the name of its journal */
  run: string
  uri: string | null
  command: string | null
  name: string | null
  /** ISO 8601 */
  started: string | null
  /** `finished`: all that it made stays; `recovered`: undone; `left`: not all of it; `unknown`: host or journal cannot be read */
  result: 'finished' | 'recovered' | 'left' | 'unknown'
  /** in a dry run what would be undone */
  undone: string[]
  kept: string[]
  left: string[]
  /** what to do about what is left or unknown */
  hints: readonly string[]
  error: string | null
}

export interface RecoverOptions {
  /** the URI, as libvirt says it, of the one host that is meant; undefined for all hosts */
  only?: string
  open: (uri: string) => Promise<Host>
  dryRun: boolean
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
  for (const path of journalPaths()) {
    using journal = await DeadJournal.take(path)
    if (journal) recoveries.push(...await recover(journal, { ...options, open }))
  }
  return recoveries
}

/** One dead run; no result when it had not begun, or when another host is meant. */
async function recover(journal: DeadJournal, { only, open, dryRun }: RecoverOptions): Promise<Recovery[]> {
  let header: Header | undefined
  try {
    const content = journal.read()
    header = content?.header
    if (header && only !== undefined && header.uri !== only) return []
    const steps = content && content.steps.length > 0 ? await onItsHost(journal, content, { open, dryRun }) : []
    if (!dryRun && steps.every(({ result }) => result !== 'left')) journal.remove()
    return header ? [{ run: journal.run, ...about(header), ...summary(steps) }] : []
  } catch (error) {
    return [{ run: journal.run, ...about(header), ...unknown(error) }]
  }
}

async function onItsHost(
  journal: DeadJournal, content: JournalContent, { open, dryRun }: Omit<RecoverOptions, 'only'>,
): Promise<RecoveredStep[]> {
  const { uri, hostname } = content.header
  const { connection } = await open(uri)
  refuseOther(connection, hostname)
  const results = await recoverRun(connection, content, { dryRun })
  if (!dryRun) journal.over(content.steps.filter((step) => results.get(step)?.result !== 'left'))
  return [...results.values()]
}

/** One URI means this host today and, in a home folder that several share, another one tomorrow. */
function refuseOther(connection: Connection, hostname: string): void {
  const here = connection.hostname()
  if (here === hostname) return
  throw new BayError('cannot-connect', `it was on the host ${hostname}, and this one is ${here}`, {
    hints: [`run bay recover on ${hostname}`],
  })
}

function about(header: Header | undefined): Pick<Recovery, 'uri' | 'command' | 'name' | 'started'> {
  return { uri: header?.uri ?? null, command: header?.command ?? null, name: header?.name ?? null, started: header?.started ?? null }
}

function summary(steps: readonly RecoveredStep[]): Omit<Recovery, 'run' | 'uri' | 'command' | 'name' | 'started'> {
  const those = (wanted: RecoveredStep['result']) => steps.filter(({ result }) => result === wanted)
  const [undone, kept, left] = [those('undone'), those('kept'), those('left')]
  const inWords = ({ what, why }: RecoveredStep) => why === undefined ? what : `${what} (${why})`
  return {
    result: left.length > 0 ? 'left' : kept.length > 0 && kept.length === steps.length ? 'finished' : 'recovered',
    undone: undone.map(inWords), kept: kept.map(inWords), left: left.map(inWords),
    hints: left.flatMap(({ removeBy }) => removeBy ?? []), error: null,
  }
}

function unknown(error: unknown): Omit<Recovery, 'run' | 'uri' | 'command' | 'name' | 'started'> {
  if (!(error instanceof BayError)) throw error
  return { ...summary([]), result: 'unknown', hints: error.hints, error: error.message }
}
