import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cannotRead, codeOf, stateFolder } from './state-folder.js'

/** All journals that there are, of runs dead or alive, the oldest first. */
export function journalPaths(): string[] {
  const folder = stateFolder('journal')
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort().map((name) => join(folder, name))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw cannotRead(folder, error)
  }
}

/** Whether there is anything to look at for whoever does something else. */
export function mayHaveJournals(): boolean {
  try {
    return journalPaths().length > 0
  } catch {
    // Whoever may not read them has none there; `bay recover` says what is wrong.
    return false
  }
}
