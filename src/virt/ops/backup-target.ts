import type { Connection } from '../connection.js'
import type { DiskToBackUp } from './backup-disks.js'
import type { BackedUpFile, BackupManifest } from './backup-manifest.js'
import type { Rollback } from './rollback.js'

/** What a target is made for. */
export interface TargetWork {
  connection: Connection
  vm: string
  /** the backup's name */
  name: string
  /** undoes whatever is made, unless it is kept */
  rollback: Rollback
}

/** Where one backup is being written. It is whole once `finish` has written its manifest. */
export interface BackupTarget {
  /** whether QEMU writes into files that are there already, instead of making them */
  readonly reuse: boolean
  /** Makes room for it: the first step. */
  begin: () => Promise<void>
  /** The paths on the host that QEMU is to write the disks into, in their order; a second call begins anew. */
  disks: (disks: readonly DiskToBackUp[], sizeOf: (target: string) => number, parent: BackupManifest | null) => Promise<string[]>
  /** The sum of a file that is written, and is on the disk. */
  sum: (file: string, signal: AbortSignal) => Promise<BackedUpFile>
  /** Adds a file that is for its owner only. */
  write: (file: string, text: string) => Promise<BackedUpFile>
  /** Adds a copy of one of the host's files; null when it is not there. */
  copy: (from: string, file: string) => Promise<BackedUpFile | null>
  finish: (manifest: BackupManifest) => Promise<void>
}
