import type { Step } from './steps.js'

/** A file as it was; no content means that there was none. */
export interface FileBefore {
  path: string
  content: string | null
  mode: number
}

/** One step of an undo: a call of iproute2, or a file that gets its content back. */
export type UndoStep = Step | FileBefore

/** What a change that waits for its confirmation is called. */
export interface Waiting {
  bridge: string
  /** the command line that keeps it */
  keptBy: string
  /** ISO time at which it is undone */
  until: string
}

/** What a guard knows, in a file that is there while the change is neither kept nor undone: the guard may be killed, too. */
export interface GuardFile {
  version: 1
  bridge: string
  plan: UndoStep[]
  /** null for a change that does not wait for a confirmation */
  waiting: Waiting | null
}

/** From bay to its guard, by the guard's stdin; the first is the plan. `keep`, `undo` and `who` also by its socket. */
export type ToGuard
  = | { plan: UndoStep[], bridge: string, file: string }
    | { wait: Waiting & { socket: string } }
    | { keep: string }
    | { undo: true }
    | { who: true }

/** The answers. `undone` names what could not be undone. */
export type FromGuard
  = | { ready: true }
    | { waiting: Waiting }
    | { kept: true }
    | { other: Waiting }
    | { undone: string[] }

export function isFile(step: UndoStep): step is FileBefore {
  return 'path' in step
}
