import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { backupStoreOf, fromFlag } from '../../backup-flags.js'
import { keepFlag, manyFlags, nameArgs } from '../../flags.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../../virt/connection.js'
import { wholeOnes, type BackupStore } from '../../virt/ops/backup-store.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { noHost } from '../../virt/ops/journal-lines.js'
import { pruneBackups, type Pruned } from '../../virt/ops/prune-backups.js'

export default class BackupPrune extends ActionCommand<typeof BackupPrune> {
  static override summary = 'Delete old backups by a rule of what is kept'
  static override description = 'What a backup that is kept builds on is kept too, so all that stay can be restored. The newest of a machine always stays. '
    + 'What is incomplete or damaged is left as it is. The machines need not exist any more; in a folder, nor a host.'

  static override examples = [
    '<%= config.bin %> backup prune web-1 --from /backup --keep 7d4w',
    '<%= config.bin %> backup prune --all --from backups --keep 7d4w12m --yes --quiet',
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...manyFlags,
    from: fromFlag,
    keep: keepFlag({ required: true, helpValue: 'RULE', description: 'what stays: 7d4w is one a day for 7 days and one a week for 4 weeks' }),
  }

  /** Who may not write may not read the content of volumes either. */
  protected override get readOnlyChange(): boolean {
    return false
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { from, keep } = this.flags
    await this.confirm(`delete the backups in ${from} that --keep does not keep?`)
    const now = new Date()
    // A folder may be on a system that has no host.
    const host = from.includes('/') ? await this.hostIfAny(() => this.change()) : await this.change()
    const prune = async (name: string, connection: Connection | null, signal: AbortSignal): Promise<Outcome> => {
      signal.throwIfAborted()
      using store = await this.#store(connection)
      using _lock = this.dryRun ? null : await lockBackups(name, store, connection, signal)
      const options = { keep, now, dryRun: this.dryRun, signal, note: (text: string) => this.note(text) }
      const pruned = await pruneBackups(connection, store, name, options)
      return { changed: pruned.deleted.length > 0, said: this.#said(pruned), ...pruned }
    }
    using store = await this.#store(host)
    const available = () => [...new Set(wholeOnes(store.all()).map(({ manifest }) => manifest.vm))].sort()
    const action = { action: 'prune', kind: 'vm', names: this.args.name ?? [] } as const
    return await interruptible((signal) => host === null
      ? this.actHere({ ...action, available: available() }, (name) => prune(name, null, signal))
      : this.act({ ...action, available }, (name, connection) => prune(name, connection, signal)),
    (how) => ({ message: `${how}; what was deleted until now is gone, the rest is whole` }))
  }

  #store(connection: Connection | null): Promise<BackupStore> {
    return backupStoreOf(this.flags.from, () => connection === null ? this.change() : Promise.resolve(connection))
  }

  #said({ deleted, kept, needed, freed }: Pruned): string {
    const stay = `${kept} kept${needed === 0 ? '' : `, and ${needed} that those build on`}`
    if (deleted.length === 0) return `nothing to delete; ${stay}`
    return `${deleted.join(', ')} ${this.dryRun ? 'would be deleted' : 'deleted'} (${formatSize(freed)}); ${stay}`
  }
}

/** Where there is no host there is no machine, but the backups themselves are nobody else's meanwhile. */
function lockBackups(name: string, { shown }: BackupStore, host: Connection | null, signal: AbortSignal): Promise<Disposable> {
  return host === null ? lockName(noHost, 'backup', `${shown}/${name}`, signal) : lockName(host.uri(), 'vm', name, signal)
}
