import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, stateFolder } from './state-folder.js'

/** All journals that there are, of runs dead or alive, the oldest first. */
export function journalPaths(): string[] {
  const folder = stateFolder('journal')
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort().map((name) => join(folder, name))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
