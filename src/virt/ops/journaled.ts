import { readFileSync } from 'node:fs'
import { readJournal } from './journal-lines.js'
import { journalPaths } from './journal-paths.js'
import { codeOf } from './state-folder.js'

export interface Journaled {
  /** `POOL-UUID/NAME` */
  volumes: Set<string>
  /** by UUID */
  secrets: Set<string>
  /** journals that nobody can read here, with the reason */
  unread: string[]
}

/** What runs of this user, dead or alive, are making or removing: theirs until the run is over, or recovered. */
export function journaledVolumes(): Journaled {
  const found: Journaled = { volumes: new Set(), secrets: new Set(), unread: [] }
  for (const path of journalPaths()) {
    try {
      for (const { undo } of readJournal(readFileSync(path, 'utf8'), path)?.steps ?? []) {
        if (undo.kind === 'secret') found.secrets.add(undo.uuid)
        if (undo.kind === 'volume') found.volumes.add(`${undo.poolUuid}/${undo.name}`)
      }
    } catch (error) {
      // The run has ended since the folder was read.
      if (codeOf(error) !== 'ENOENT') found.unread.push(error instanceof Error ? error.message : String(error))
    }
  }
  return found
}
