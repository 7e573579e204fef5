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

/** From bay to its guard, by the guard's stdin; the first is the plan. `keep`, `undo` and `who` also by its socket. */
export type ToGuard
  = | { plan: UndoStep[] }
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
