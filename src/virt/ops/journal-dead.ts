import { constants, openSync, readFileSync, rmSync } from 'node:fs'
import { FileLock } from '../file-lock.js'
import { appendSynced } from './journal.js'
import { readJournal, type Header, type JournalContent, type JournalStep } from './journal-lines.js'
import { journalPaths } from './journal-paths.js'
import { cannotRead, codeOf, isAt, stateFolder, syncFolder } from './state-folder.js'
import type { MadeVolume } from './undo-volume.js'

/** The journal of a run that is dead, for its lock was free. It is locked by this run until it is given up. */
export class DeadJournal implements Disposable {
  readonly path: string
  readonly #fd: number
  readonly #lock: FileLock

  private constructor(path: string, fd: number, lock: FileLock) {
    this.path = path
    this.#fd = fd
    this.#lock = lock
  }

  /** Waits a moment for whoever only looks; null when its run, or another `bay recover`, has it, and when it is gone. */
  static async take(path: string): Promise<DeadJournal | null> {
    const fd = openIfThere(path, constants.O_RDWR | constants.O_APPEND)
    if (fd === null) return null
    const lock = await FileLock.take(fd, { exclusive: true, timeout: 100 })
    if (lock && isAt(fd, path)) return new DeadJournal(path, fd, lock)
    lock?.[Symbol.dispose]()
    return null
  }

  /** null when its run died before it began anything. @throws UsageError */
  read(): JournalContent | null {
    return readJournal(readFileSync(this.path, 'utf8'), this.path)
  }

  /** Nothing of these steps is there any more, or it is no longer ours to remove. */
  over(steps: readonly JournalStep[]): void {
    if (steps.length > 0) appendSynced({ fd: this.#fd, path: this.path }, [{ over: steps.map(({ step }) => step) }])
  }

  remove(): void {
    rmSync(this.path, { force: true })
    syncFolder(stateFolder('journal'))
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]()
  }
}

/** What the journal of a run that is dead says, without its lock; null when it lives, is gone, or cannot be read. */
export async function peekDead(path: string): Promise<JournalContent | null> {
  const content = await isDead(path) ? peek(path) : null
  return content === 'unbegun' ? null : content
}

/** The runs on this host that died and left something, as far as it can be told by looking. */
export async function leftOn(uri: string): Promise<Header[]> {
  const left: Header[] = []
  for (const path of journalPaths()) {
    const content = peek(path)
    if (content === null || (content !== 'unbegun' && content.header.uri !== uri) || !await isDead(path)) continue
    if (content !== 'unbegun' && !content.complete && content.steps.length > 0) left.push(content.header)
    else await finish(path)
  }
  return left
}

/**
 * Under the lock of its name a volume was seen to be missing, and is about to be made: whatever dead runs wrote down about
 * that name means nothing any more.
 */
export async function disownVolume({ poolUuid, name }: MadeVolume): Promise<void> {
  await disown(({ undo }) => undo.kind === 'volume' && undo.poolUuid === poolUuid && undo.name === name)
}

/** What dead runs wrote down about these steps means nothing any more, for another run takes them over. */
export async function disown(isIt: (step: JournalStep) => boolean): Promise<void> {
  for (const path of journalPaths()) {
    const content = peek(path)
    if (content === null || content === 'unbegun' || !content.steps.some(isIt)) continue
    using journal = await DeadJournal.take(path)
    journal?.over(journal.read()?.steps.filter(isIt) ?? [])
  }
}

/** Without the lock; `unbegun` for a run that has done nothing; null for what is gone, not ours to read or of another version. */
function peek(path: string): JournalContent | 'unbegun' | null {
  try {
    return readJournal(readFileSync(path, 'utf8'), path) ?? 'unbegun'
  } catch {
    // `bay recover` says what is wrong with it.
    return null
  }
}

async function isDead(path: string): Promise<boolean> {
  const fd = openIfThere(path, constants.O_RDONLY)
  if (fd === null) return false
  using lock = await FileLock.take(fd, { exclusive: false, timeout: 0 })
  return lock !== null && isAt(fd, path)
}

/** The run was killed when there was nothing to undo: before its first step, while it waited, or at its very end. */
async function finish(path: string): Promise<void> {
  using journal = await DeadJournal.take(path)
  journal?.remove()
}

function openIfThere(path: string, flags: number): number | null {
  try {
    return openSync(path, flags | constants.O_NOFOLLOW)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw cannotRead(path, error)
  }
}
