import { existsSync } from 'node:fs'
import type { JournalContent, JournalStep } from './journal-lines.js'
import type { RecoveredStep } from './recover-run.js'
import { removeIncomplete } from './undo-backup.js'
import { describeUndo } from './undo.js'

/** Finishes what a dead run was to remove of this system's files, which takes no host. */
export function recoverHere({ steps }: JournalContent, { dryRun }: { dryRun: boolean }): Map<JournalStep, RecoveredStep> {
  return new Map(steps.map((step) => [step, finished(step, dryRun)]))
}

function finished({ undo }: JournalStep, dryRun: boolean): RecoveredStep {
  const { leaves: what, removeBy } = describeUndo(undo)
  if (undo.kind !== 'backup-folder') return { what, result: 'left', why: 'no host is known that has it', removeBy }
  if (!existsSync(undo.path)) return { what, result: 'gone' }
  try {
    if (!dryRun) removeIncomplete(undo.path)
    return { what, result: 'undone' }
  } catch (error) {
    return { what, result: 'left', why: error instanceof Error ? error.message : String(error), removeBy }
  }
}
