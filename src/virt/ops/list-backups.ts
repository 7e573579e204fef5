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
  /** what it takes there */
  bytes: number
  quiesced: boolean | null
  uuid: string | null
  path: string
}

export function backupRow({ path, name, manifest, state, files }: StoredBackup, now: number): BackupRow {
  return {
    vm: manifest?.vm ?? null, name, state, time: manifest?.time ?? null,
    age: manifest ? Math.max(0, Math.floor((now - Date.parse(manifest.time)) / 1000)) : null,
    kind: manifest?.kind ?? null, parent: manifest?.parent ?? null, disks: manifest?.disks.length ?? null, bytes: files.bytes(),
    quiesced: manifest?.quiesced ?? null, uuid: manifest?.uuid ?? null, path,
  }
}
