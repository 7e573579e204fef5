import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { manifestFile, parseManifest, type BackupManifest } from './backup-manifest.js'
import { encodedName, type BackupFiles, type BackupStore, type StoredBackup } from './backup-store.js'
import type { TargetWork } from './backup-target.js'
import { fileSum } from './file-sum.js'
import { FolderTarget } from './folder-target.js'
import type { Journal } from './journal.js'
import { isOwnHost } from './own-host.js'
import { Qcow2 } from './qcow2.js'
import { codeOf, syncFolder } from './state-folder.js'
import { incomplete } from './undo-backup.js'

/** A folder of this machine with a folder for each machine's backups: DIR/VM/NAME. */
export class FolderBackups implements BackupStore {
  readonly shown: string

  constructor(dir: string) {
    this.shown = resolve(dir)
  }

  /** @throws BayError `not-found` when there is no such folder */
  all(): StoredBackup[] {
    return namesIn(this.shown, true).flatMap((vm) => backupsIn(join(this.shown, vm)))
  }

  of(vm: string): StoredBackup[] {
    return backupsIn(join(this.shown, encodedName(vm)))
  }

  pathOf(vm: string, name: string): string {
    return join(this.shown, encodedName(vm), name)
  }

  /** QEMU writes the files, and this program reads them for their checksums. */
  refuse(connection: Connection): void {
    if (!isOwnHost(connection)) {
      throw new UsageError(`${this.shown} is a folder of this machine, and the host is another one`, 'back up into a pool of that host: --to POOL', 'or run bay backup create on the host itself')
    }
    if (process.geteuid?.() !== 0 && new URL(connection.uri()).pathname !== '/session') {
      throw new BayError('not-allowed', 'QEMU\'s files belong to root or to a user of its own, so that only root can check and keep them', { hints: ['run it as root: sudo bay backup create …', 'or back up into a pool: --to POOL'] })
    }
  }

  target({ connection, vm, name, rollback }: TargetWork): FolderTarget {
    return new FolderTarget(connection, this.pathOf(vm, name), rollback)
  }

  async remove(backups: readonly StoredBackup[], journal: Journal | undefined): Promise<void> {
    for (const { path } of backups) {
      const gone = `${path}${incomplete}`
      const steps = await journal?.planRemoval([{ kind: 'backup-folder', path: gone }]) ?? []
      renameSync(path, gone)
      syncFolder(dirname(path))
      rmSync(gone, { recursive: true, force: true })
      journal?.over(...steps)
    }
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

/** One backup by the path of its folder. */
export function backupAt(path: string): StoredBackup {
  const name = path.split('/').at(-1) ?? ''
  if (!existsSync(join(path, manifestFile))) throw new BayError('not-found', `there is no backup in ${path}`, { hints: ['bay backup list --from DIR'] })
  return stored(path, name)
}

/** All backups of a machine's folder, the oldest first. */
export function backupsIn(folder: string): StoredBackup[] {
  return namesIn(folder, false).map((name) => stored(join(folder, name), name))
}

function stored(path: string, name: string): StoredBackup {
  const files = filesIn(path)
  if (name.endsWith(incomplete)) return { path, name: name.slice(0, -incomplete.length), manifest: null, state: 'incomplete', files }
  const manifest = readManifest(path)
  const fits = manifest !== null && manifest.name === name
  return { path, name, manifest, state: fits ? 'complete' : 'damaged', files }
}

function filesIn(folder: string): BackupFiles {
  return {
    volumes: null,
    sum: async (file, signal) => {
      try {
        return await fileSum(folder, file, signal)
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null
        throw error
      }
    },
    read: (file) => readFileSync(join(folder, file)),
    check: async (file) => {
      await using disk = await Qcow2.open(join(folder, file))
      await disk.check()
    },
    // One that is just being made or removed may lose files meanwhile.
    bytes: () => readdirSync(folder).map((file) => lstatSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0),
  }
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
