import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import type { BackedUpFile, BackupManifest } from './backup-manifest.js'
import type { BackupTarget, TargetWork } from './backup-target.js'
import type { Journal } from './journal.js'

/** Where backups are kept: a folder of this machine, or a pool of any host. */
export interface BackupStore extends Disposable {
  /** as a user names it */
  readonly shown: string
  /** all that are there, by machine and time */
  all: () => StoredBackup[]
  /** those of one machine, the oldest first */
  of: (vm: string) => StoredBackup[]
  /** where a new one would be */
  pathOf: (vm: string, name: string) => string
  /** @throws BayError or UsageError when QEMU on this host could not write there */
  refuse: (connection: Connection) => void
  target: (work: TargetWork) => BackupTarget
  /** Removes backups for good, in this order; each vanishes as a whole, and what a killed run leaves `bay recover` removes. */
  remove: (backups: readonly StoredBackup[], journal: Journal | undefined) => Promise<void>
}

/** A backup that is kept somewhere. */
export interface StoredBackup {
  /** the path of its folder; in a pool POOL/ and what its volumes' names begin with */
  path: string
  name: string
  /** null when it has no manifest, or one that cannot be read */
  manifest: BackupManifest | null
  /** `incomplete`: it is being made, or was never ended, or is being removed */
  state: 'complete' | 'incomplete' | 'damaged'
  files: BackupFiles
}

/** A whole backup. */
export type WholeBackup = StoredBackup & { manifest: BackupManifest }

/** The files of one backup, by the names in its manifest. */
export interface BackupFiles {
  /** null when there is no such file; @throws the signal's reason */
  sum: (file: string, signal?: AbortSignal) => Promise<BackedUpFile | null>
  read: (file: string, length: number) => Buffer
  /** Looks through a disk's tables. `below` is what it lies on by the manifests, null for a full one. @throws BayError `failed` */
  check: (file: string, below: { name: string, file: string } | null) => Promise<void>
  /** bytes that all of them take */
  bytes: () => number
  /** the pool that holds them as volumes; null for a folder */
  volumes: { pool: string, nameOf: (file: string) => string } | null
}

/** What a backup builds on, itself last. @throws BayError `failed` when a link is missing */
export function chainOf(backup: StoredBackup, all: readonly StoredBackup[]): WholeBackup[] {
  const { manifest } = backup
  if (manifest === null || backup.state !== 'complete') throw broken(`the backup ${backup.path} is ${backup.state}`)
  if (manifest.parent === null) return [{ ...backup, manifest }]
  const parent = all.find(({ name, state }) => name === manifest.parent && state === 'complete')
  if (!parent || parent.manifest?.uuid !== manifest.uuid) {
    throw broken(`the backup ${backup.path} builds on ${manifest.parent}, which is missing or damaged`)
  }
  // A parent is older, so that a manifest that names itself ends here.
  if (parent.name >= backup.name) throw broken(`the backup ${backup.path} builds on one that is not older: ${manifest.parent}`)
  return [...chainOf(parent, all), { ...backup, manifest }]
}

/** Those that are whole. */
export function wholeOnes(backups: readonly StoredBackup[]): WholeBackup[] {
  return backups.flatMap((backup) => backup.manifest && backup.state === 'complete' ? { ...backup, manifest: backup.manifest } : [])
}

/** A machine's name as part of a file's: it may be anything but a slash; a folder may not be called `..`. */
export function encodedName(vm: string): string {
  return encodeURIComponent(vm).replace(/^\./, '%2E').slice(0, 200)
}

function broken(message: string): BayError {
  return new BayError('failed', message, { hints: ['see what is whole: bay backup verify --from DIR'] })
}
