import { ActionCommand, type ActionResult } from '../../action.js'
import { backupStoreOf, fromFlag } from '../../backup-flags.js'
import { keepFlag, manyFlags, nameArgs } from '../../flags.js'
import { formatSize } from '../../units.js'
import { wholeOnes } from '../../virt/ops/backup-store.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { pruneBackups } from '../../virt/ops/prune-backups.js'

export default class BackupPrune extends ActionCommand<typeof BackupPrune> {
  static override summary = 'Delete old backups by a rule of what is kept'
  static override description = 'What a backup that is kept builds on is kept too, so all that stay can be restored. The newest of a machine always stays. '
    + 'What is incomplete or damaged is left as it is. The machines need not exist any more.'

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
    const host = await this.change()
    using store = await backupStoreOf(from, () => Promise.resolve(host))
    const available = () => [...new Set(wholeOnes(store.all()).map(({ manifest }) => manifest.vm))].sort()
    const action = { action: 'prune', kind: 'vm', names: this.args.name ?? [], available } as const
    return await interruptible((signal) => this.act(action, async (name, connection) => {
      signal.throwIfAborted()
      using _lock = this.dryRun ? null : await lockName(connection.uri(), 'vm', name, signal)
      using own = await backupStoreOf(from, () => Promise.resolve(connection))
      const options = { keep, now, dryRun: this.dryRun, signal, note: (text: string) => this.note(text) }
      const pruned = await pruneBackups(connection, own, name, options)
      const { deleted, kept, needed, freed } = pruned
      const stay = `${kept} kept${needed === 0 ? '' : `, and ${needed} that those build on`}`
      const gone = deleted.length === 0 ? 'nothing to delete' : `${deleted.join(', ')} ${this.dryRun ? 'would be deleted' : 'deleted'} (${formatSize(freed)})`
      return { changed: deleted.length > 0, said: `${gone}; ${stay}`, ...pruned }
    }), (how) => ({ message: `${how}; what was deleted until now is gone, the rest is whole` }))
  }
}
