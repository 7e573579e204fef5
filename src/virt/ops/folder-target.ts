import { chmod, copyFile, mkdir, open, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { DiskToBackUp } from './backup-disks.js'
import { manifestFile, type BackedUpFile, type BackupManifest } from './backup-manifest.js'
import type { BackupTarget } from './backup-target.js'
import { fileSum } from './file-sum.js'
import type { Rollback } from './rollback.js'
import { codeOf, syncFolder } from './state-folder.js'
import { incomplete } from './undo-backup.js'

/** A folder that has its name once it is whole. */
export class FolderTarget implements BackupTarget {
  readonly reuse = false
  readonly #connection: Connection
  readonly #folder: string
  readonly #draft: string
  readonly #rollback: Rollback

  constructor(connection: Connection, folder: string, rollback: Rollback) {
    this.#connection = connection
    this.#folder = folder
    this.#draft = `${folder}${incomplete}`
    this.#rollback = rollback
  }

  async begin(): Promise<void> {
    await this.#rollback.make(this.#connection, { kind: 'backup-folder', path: this.#draft }, () => makeFolder(this.#draft))
  }

  disks(disks: readonly DiskToBackUp[]): Promise<string[]> {
    return Promise.resolve(disks.map(({ file }) => join(this.#draft, file)))
  }

  async sum(file: string, signal: AbortSignal): Promise<BackedUpFile> {
    await synced(join(this.#draft, file))
    return await fileSum(this.#draft, file, signal)
  }

  async write(file: string, text: string): Promise<BackedUpFile> {
    await writeFile(join(this.#draft, file), text, { mode: 0o600, flag: 'wx', flush: true })
    return await fileSum(this.#draft, file)
  }

  async copy(from: string, file: string): Promise<BackedUpFile | null> {
    const to = join(this.#draft, file)
    try {
      await copyFile(from, to)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw new BayError('failed', `${from} cannot be copied: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
    await chmod(to, 0o600)
    await synced(to)
    return await fileSum(this.#draft, file)
  }

  async finish(manifest: BackupManifest): Promise<void> {
    const path = join(this.#draft, manifestFile)
    await writeFile(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await rename(`${path}.new`, path)
    await chmod(this.#draft, 0o700)
    syncFolder(this.#draft)
    await this.#rollback.step(() => rename(this.#draft, this.#folder), () => ({
      leaves: this.#folder, removeBy: sh`rm -r ${this.#folder}`, undo: () => rename(this.#folder, this.#draft),
    }))
    syncFolder(dirname(this.#folder))
  }
}

/** QEMU may run as another user: it passes the folder, but cannot list it. */
async function makeFolder(draft: string): Promise<void> {
  try {
    await mkdir(dirname(draft), { recursive: true, mode: 0o711 })
    await mkdir(draft, { mode: 0o700 })
    await chmod(draft, 0o711)
  } catch (cause) {
    throw new BayError('failed', `the folder ${draft} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
