import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredBackup } from './backup-store.js'

export interface BackupRow {
  /** null when its manifest cannot be read */
  vm: string | null
  name: string
  state: StoredBackup['state']
  /** ISO 8601 */
  time: string | null
  /** seconds */
  age: number | null
  kind: 'full' | 'incremental' | null
  parent: string | null
  disks: number | null
  /** what it takes in its folder */
  bytes: number
  quiesced: boolean | null
  uuid: string | null
  path: string
}

export function backupRow({ path, name, manifest, state }: StoredBackup, now: number): BackupRow {
  return {
    vm: manifest?.vm ?? null, name, state, time: manifest?.time ?? null,
    age: manifest ? Math.max(0, Math.floor((now - Date.parse(manifest.time)) / 1000)) : null,
    kind: manifest?.kind ?? null, parent: manifest?.parent ?? null, disks: manifest?.disks.length ?? null, bytes: bytesIn(path),
    quiesced: manifest?.quiesced ?? null, uuid: manifest?.uuid ?? null, path,
  }
}

/** One that is just being made or removed may lose files meanwhile. */
function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + (lstatSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0)
}
