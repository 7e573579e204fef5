import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { resolve } from 'node:path'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError, UsageError } from '../../errors.js'
import { findRunningPool } from '../../find.js'
import { changeFlags } from '../../flags.js'
import { checkName } from '../../names.js'
import { backupAt, backupFolderOf, backupsOf, chainOf, type StoredBackup } from '../../virt/ops/backup-store.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { restoreBackup } from '../../virt/ops/restore-backup.js'
import { refuseDamaged } from '../../virt/ops/verify-backup.js'

export default class BackupRestore extends ActionCommand<typeof BackupRestore> {
  static override summary = 'Make a virtual machine anew out of a backup'
  static override description = 'Its disks become new volumes of a pool; what an incremental backup builds on is read too, and all is verified first. A machine '
    + 'of that name must not exist. Under its old name it gets its old UUID and MAC addresses, under --to-name new ones. It is not started.'

  static override examples = [
    '<%= config.bin %> backup restore web-1 --from /backup',
    '<%= config.bin %> backup restore web-1/20261123T094418Z --from /backup --to-name web-2 --pool fast',
  ]

  static override args = {
    backup: Args.string({ required: true, description: 'the machine\'s name for its newest backup, MACHINE/BACKUP, or the path of a backup' }),
  }

  static override flags = {
    ...changeFlags,
    'from': Flags.string({ helpValue: 'DIR', description: 'the folder that holds the backups' }),
    'to-name': Flags.string({ helpValue: 'NAME', description: 'another name for it' }),
    'pool': Flags.string({ default: 'default', helpValue: 'POOL', description: 'the pool for its disks' }),
  }

  async run(): Promise<ActionResult> {
    const { backup, siblings } = this.#chosen()
    const chain = chainOf(backup, siblings)
    const { 'to-name': newName, pool: poolName } = this.flags
    const name = newName === undefined ? chain.at(-1)?.manifest.vm ?? '' : checkName('vm', newName)
    return this.actOnOne({ action: 'restore', kind: 'vm' }, name, (_, host) => interruptible(async (signal) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name, signal)
      using pool = findRunningPool(host, poolName)
      using transfer = this.transfer('')
      transfer.step('verifying the backup')
      await refuseDamaged(chain, siblings, signal)
      if (this.dryRun) return { changed: true, said: `would be restored from ${backup.path}` }
      const made = await restoreBackup(host, backup, siblings, {
        name, pool, signal, step: (text) => transfer.step(text), note: (text) => this.note(text),
        moved: (done, total) => transfer.moved(done, total),
      })
      const disks = made.disks.map(({ pool: place, volume }) => `${place}/${volume}`).join(', ')
      return { changed: true, said: `restored from ${backup.name} with ${disks}`, backup: backup.name, ...made }
    }))
  }

  #chosen(): { backup: StoredBackup, siblings: StoredBackup[] } {
    const { args: { backup: text }, flags: { from } } = this
    if (from === undefined) {
      const path = resolve(text)
      if (!text.includes('/')) throw new UsageError(`where is the backup of ${text}?`, 'say in which folder: --from DIR')
      const folder = path.slice(0, path.lastIndexOf('/'))
      const backup = backupAt(path)
      return { backup, siblings: backupsOf(folder.slice(0, folder.lastIndexOf('/')) || '/', backup.manifest?.vm ?? '') }
    }
    const dir = backupFolderOf(from, '--from')
    const [, vm = text, only] = /^(.*)\/(\d{8}T\d{6}Z)$/s.exec(text) ?? []
    const siblings = backupsOf(dir, vm)
    const backup = siblings.filter(({ name, state }) => only === undefined ? state === 'complete' : name === only).at(-1)
    if (!backup) throw new BayError('not-found', `there is no backup of ${text} in ${dir}`, { hints: [`bay backup list --from ${dir}`] })
    return { backup, siblings }
  }
}
