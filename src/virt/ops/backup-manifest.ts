import { UsageError } from '../../errors.js'

/** One disk in a backup; all sizes are bytes. */
export interface BackedUpDisk {
  target: string
  /** all of it, or only what changed since the parent */
  kind: 'full' | 'incremental'
  /** in the backup's folder; always qcow2, without a layer below it that would be read */
  file: string
  /** the format of the machine's own disk */
  format: string
  /** the name of the machine's own file */
  source: string
  readonly: boolean
  capacity: number
  bytes: number
  sha256: string
}

export interface BackedUpFile { file: string, bytes: number, sha256: string }

/** What a backup is. It is written last, so what has one is whole. Keys are only ever added. */
export interface BackupManifest {
  version: 1
  /** its folder's name: the moment, as `20261123T094418Z` */
  name: string
  vm: string
  uuid: string
  /** ISO 8601: the moment that the disks are of */
  time: string
  kind: 'full' | 'incremental'
  /** the name of the backup that it builds on */
  parent: string | null
  /** libvirt's note in the machine that the next incremental backup needs */
  checkpoint: string | null
  /** what the machine was doing */
  state: string
  /** whether the guest had written out its file systems */
  quiesced: boolean
  disks: BackedUpDisk[]
  xml: BackedUpFile
  nvram: BackedUpFile & { path: string } | null
  /** it has a TPM whose state is not in the backup */
  tpm: boolean
  /** drives and disks that are not in it */
  skipped: string[]
  bay: string
  libvirt: string
}

export const manifestFile = 'manifest.json'

/** @throws UsageError for what is no manifest, or one of a later version */
export function parseManifest(text: string, where: string): BackupManifest {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null || !('version' in value)) throw notAManifest(where)
  if (value.version !== 1) throw new UsageError(`${where} was written by a later version of bay`, 'use that one')
  if (!isManifest(value)) throw notAManifest(where)
  return value
}

/** Names come from a file that anybody may have written, and become paths. */
function isManifest(value: object): value is BackupManifest {
  const fields = new Map<string, unknown>(Object.entries(value))
  const files = [...listOf(fields.get('disks')), fields.get('xml'), ...fields.get('nvram') === null ? [] : [fields.get('nvram')]]
  return ['name', 'vm', 'uuid', 'time', 'kind', 'state'].every((key) => typeof fields.get(key) === 'string')
    && ['parent', 'checkpoint'].every((key) => fields.get(key) === null || typeof fields.get(key) === 'string')
    && isPlain(fields.get('name')) && (fields.get('parent') === null || isPlain(fields.get('parent')))
    && Array.isArray(fields.get('disks')) && files.every(isFile)
}

function isFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { file, bytes, sha256 } = value as Record<string, unknown>
  return isPlain(file) && typeof bytes === 'number' && typeof sha256 === 'string'
}

function isPlain(name: unknown): boolean {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function notAManifest(where: string): UsageError {
  return new UsageError(`${where} is no manifest of a backup`, 'see which backups are damaged: bay backup verify --from DIR')
}
