import { createHash } from 'node:crypto'
import { createReadStream, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BayError, UsageError } from '../../errors.js'
import { manifestFile, parseManifest, type BackedUpFile, type BackupManifest } from './backup-manifest.js'
import { codeOf } from './state-folder.js'
import { incomplete } from './undo-backup.js'

/** A backup in a folder of them: DIR/VM/NAME. */
export interface StoredBackup {
  path: string
  name: string
  /** null when it has no manifest, or one that cannot be read */
  manifest: BackupManifest | null
  /** `incomplete`: it is being made, or was never ended, or is being removed */
  state: 'complete' | 'incomplete' | 'damaged'
}

/** All backups in a folder, by machine and time. @throws BayError `not-found` when there is no such folder */
export function backupsIn(dir: string): StoredBackup[] {
  return namesIn(dir, true).flatMap((vm) => namesIn(join(dir, vm), false).map((name) => stored(join(dir, vm, name), name)))
}

/** Those of one machine, the oldest first. */
export function backupsOf(dir: string, vm: string): StoredBackup[] {
  const folder = machineFolder(dir, vm)
  return namesIn(folder, false).map((name) => stored(join(folder, name), name))
}

/** One backup by the path of its folder. */
export function backupAt(path: string): StoredBackup {
  const name = path.split('/').at(-1) ?? ''
  if (!existsSync(join(path, manifestFile))) throw new BayError('not-found', `there is no backup in ${path}`, { hints: ['bay backup list --from DIR'] })
  return stored(path, name)
}

/** What a backup builds on, itself last. @throws BayError `failed` when a link is missing */
export function chainOf(backup: StoredBackup, all: readonly StoredBackup[]): (StoredBackup & { manifest: BackupManifest })[] {
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

/** A machine may have any name but one with a slash; a folder may not be called `..`. */
export function machineFolder(dir: string, vm: string): string {
  return join(resolve(dir), encodeURIComponent(vm).replace(/^\./, '%2E').slice(0, 200))
}

/** Its length and checksum. @throws the file system's error; the signal's reason */
export async function fileSum(folder: string, file: string, signal?: AbortSignal): Promise<BackedUpFile> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(join(folder, file), { highWaterMark: 2 ** 20 }), async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      signal?.throwIfAborted()
      hash.update(piece)
      bytes += piece.length
    }
  })
  return { file, bytes, sha256: hash.digest('hex') }
}

/** DIR has a slash, so that it is not taken for a pool. @throws UsageError */
export function backupFolderOf(text: string, flag: string): string {
  if (!text.includes('/')) {
    throw new UsageError(`${flag} ${text} is not a folder of this machine`, `write it with a slash: ./${text} or /backup/${text}`)
  }
  return resolve(text)
}

function stored(path: string, name: string): StoredBackup {
  if (name.endsWith(incomplete)) return { path, name: name.slice(0, -incomplete.length), manifest: null, state: 'incomplete' }
  const manifest = readManifest(path)
  const fits = manifest !== null && manifest.name === name
  return { path, name, manifest, state: fits ? 'complete' : 'damaged' }
}

function readManifest(path: string): BackupManifest | null {
  try {
    return parseManifest(readFileSync(join(path, manifestFile), 'utf8'), join(path, manifestFile))
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof UsageError) return null
    throw error
  }
}

/** Folders only; other people's files may lie beside them. */
function namesIn(folder: string, mustBeThere: boolean): string[] {
  try {
    const names = readdirSync(folder).filter((name) => isName.test(name) || mustBeThere)
    return names.filter((name) => lstatSync(join(folder, name)).isDirectory()).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !mustBeThere) return []
    const code = codeOf(error) === 'ENOENT' ? 'not-found' : 'failed'
    throw new BayError(code, `the folder ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

const isName = /^\d{8}T\d{6}Z(?:\.incomplete)?$/

function broken(message: string): BayError {
  return new BayError('failed', message, { hints: ['see what is whole: bay backup verify --from DIR'] })
}
