import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { dirname, resolve } from 'node:path'
import { backupStoreOf, namedBackups } from '../../backup-flags.js'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError, UsageError } from '../../errors.js'
import { findRunningPool } from '../../find.js'
import { changeFlags } from '../../flags.js'
import { checkName } from '../../names.js'
import { sh } from '../../shell.js'
import { chainOf, type BackupStore, type StoredBackup } from '../../virt/ops/backup-store.js'
import { backupAt, backupsIn } from '../../virt/ops/folder-backups.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { restoreBackup } from '../../virt/ops/restore-backup.js'
import { refuseDamaged } from '../../virt/ops/verify-backup.js'

export default class BackupRestore extends ActionCommand<typeof BackupRestore> {
  static override summary = 'Make a virtual machine anew out of a backup'
  static override description = 'Its disks become new volumes of a pool; what an incremental backup builds on is read too, and all is verified first. A machine '
    + 'of that name must not exist, unless --replace is given: then it keeps what it has until the new disks are whole. Under its old name it gets '
    + 'its old UUID and MAC addresses, under --to-name new ones. It is not started.'

  static override examples = [
    '<%= config.bin %> backup restore web-1 --from /backup',
    '<%= config.bin %> backup restore web-1/20261123T094418Z --from /backup --to-name web-2 --pool fast',
    '<%= config.bin %> backup restore web-1 --from backups --replace --force --yes',
  ]

  static override args = {
    backup: Args.string({ required: true, description: 'the machine\'s name for its newest backup, MACHINE/BACKUP, or the path of a backup' }),
  }

  static override flags = {
    ...changeFlags,
    'from': Flags.string({ helpValue: 'DIR|POOL', description: 'the folder (written with a slash) or the pool that holds the backups' }),
    'to-name': Flags.string({ helpValue: 'NAME', description: 'another name for it' }),
    'pool': Flags.string({ default: 'default', helpValue: 'POOL', description: 'the pool for its disks' }),
    'replace': Flags.boolean({ description: 'put it in the place of the machine of that name, whose disks and snapshots are then deleted', exclusive: ['to-name'] }),
    'force': Flags.boolean({ description: 'replace one that runs, too: its plug is pulled once the new disks are whole', dependsOn: ['replace'] }),
  }

  async run(): Promise<ActionResult> {
    const { from } = this.flags
    using store = from === undefined ? null : await backupStoreOf(from, () => this.change())
    const { backup, siblings } = this.#chosen(store)
    const chain = chainOf(backup, siblings)
    const { 'to-name': newName, 'pool': poolName, replace, force } = this.flags
    const name = newName === undefined ? chain.at(-1)?.manifest.vm ?? '' : checkName('vm', newName)
    if (replace) await this.confirm(`put ${backup.path} in the place of ${name}? What it has now is lost`)
    return await this.actOnOne({ action: 'restore', kind: 'vm' }, name, (_, host) => interruptible(async (signal) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name, signal)
      using pool = findRunningPool(host, poolName)
      using transfer = this.transfer('')
      transfer.step('verifying the backup')
      await refuseDamaged(chain, siblings, signal)
      if (this.dryRun) return { changed: true, said: `would be restored from ${backup.path}` }
      const made = await restoreBackup(host, backup, siblings, {
        name, pool, replace: replace ? { force } : null, signal,
        step: (text) => transfer.step(text), note: (text) => this.note(text), moved: (done, total) => transfer.moved(done, total),
      })
      const disks = made.disks.map(({ pool: place, volume }) => `${place}/${volume}`).join(', ')
      return { changed: true, said: `restored from ${backup.name} with ${disks}`, backup: backup.name, ...made }
    }))
  }

  /** Who may not write may not read the content of volumes either. */
  protected override get readOnlyChange(): boolean {
    return false
  }

  #chosen(store: BackupStore | null): { backup: StoredBackup, siblings: StoredBackup[] } {
    const { backup: text } = this.args
    if (store === null) {
      if (!text.includes('/')) throw new UsageError(`where is the backup of ${text}?`, 'say in which folder or pool: --from DIR|POOL')
      const path = resolve(text)
      return { backup: backupAt(path), siblings: backupsIn(dirname(path)) }
    }
    const { wanted, all: siblings } = namedBackups(store, text)
    const backup = /\/\d{8}T\d{6}Z$/.test(text) ? wanted[0] : wanted.filter(({ state }) => state === 'complete').at(-1)
    if (!backup) throw new BayError('not-found', `there is no whole backup of ${text} in ${store.shown}`, { hints: [sh`bay backup verify --from=${store.shown}`] })
    return { backup, siblings }
  }
}
