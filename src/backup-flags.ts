import * as Flags from '@oclif/core/flags'
import { BayError } from './errors.js'
import { findRunningPool } from './find.js'
import { sh } from './shell.js'
import type { Connection } from './virt/connection.js'
import type { BackupStore, StoredBackup } from './virt/ops/backup-store.js'
import { FolderBackups } from './virt/ops/folder-backups.js'
import { PoolBackups } from './virt/ops/pool-backups.js'

/** Where backups are read from. */
export const fromFlag = Flags.string({
  required: true, helpValue: 'DIR|POOL', description: 'the folder (written with a slash) or the pool that holds the backups',
})

/** The backups in a folder of this machine, written with a slash, or in a pool of the host. @throws BayError `not-found` */
export async function backupStoreOf(text: string, host: () => Promise<Connection>): Promise<BackupStore> {
  if (text.includes('/')) return new FolderBackups(text)
  const connection = await host()
  try {
    return new PoolBackups(connection, findRunningPool(connection, text))
  } catch (error) {
    if (!(error instanceof BayError) || error.code !== 'not-found') throw error
    throw new BayError('not-found', error.message, { cause: error, hints: [`if it is a folder, write it with a slash: ./${text}`, ...error.hints] })
  }
}

/** Some backups by MACHINE, for all of it, or MACHINE/BACKUP, each with all of its machine's. @throws BayError `not-found` */
export function namedBackups(store: BackupStore, text: string): { wanted: StoredBackup[], all: StoredBackup[] } {
  const [, vm = text, only] = /^(.*)\/(\d{8}T\d{6}Z)$/s.exec(text) ?? []
  const all = store.of(vm)
  const wanted = all.filter(({ name }) => only === undefined || name === only)
  if (wanted.length > 0) return { wanted, all }
  throw new BayError('not-found', `there is no backup of ${text} in ${store.shown}`, { hints: [sh`bay backup list --from=${store.shown}`] })
}
