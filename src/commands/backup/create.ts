import * as Flags from '@oclif/core/flags'
import { backupStoreOf } from '../../backup-flags.js'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { BayError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, keepFlag, nameArgs, timeoutFlag } from '../../flags.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../../virt/connection.js'
import type { BackupStore } from '../../virt/ops/backup-store.js'
import { createBackup } from '../../virt/ops/create-backup.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { planBackup, type BackupPlan } from '../../virt/ops/plan-backup.js'
import { pruneBackups } from '../../virt/ops/prune-backups.js'

export default class BackupCreate extends ActionCommand<typeof BackupCreate> {
  static override summary = 'Back up virtual machines into a folder or a pool'
  static override description = 'All disks of one moment, the definition with its passwords and the UEFI variables, while the machine runs. One that is '
    + 'off is started for it without letting its guest run. With --incremental only what was written since the last backup there; where '
    + 'that is not known a full one is made, and said. A backup that fails leaves nothing behind.'

  static override examples = [
    '<%= config.bin %> backup create web-1 --to /backup',
    "<%= config.bin %> backup create 'web-*' --to /backup --incremental --timeout 2h",
    '<%= config.bin %> backup create web-1 --to backups --incremental --keep 7d4w',
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...changeFlags,
    to: Flags.string({ required: true, helpValue: 'DIR|POOL', description: 'the folder on the host (written with a slash), or the pool, that holds the backups' }),
    incremental: Flags.boolean({ description: 'only what was written since the last backup there' }),
    quiesce: Flags.boolean({ allowNo: true, description: 'have the guest\'s agent write out its file systems first, or fail (default: if it is connected)' }),
    keep: keepFlag({ helpValue: 'RULE', description: 'then delete older ones of the machine there, as backup prune does: 7d4w' }),
    timeout: timeoutFlag,
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    let ended: AbortSignal | undefined
    return this.act({ action: 'backup', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      ended?.throwIfAborted()
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      using store = await backupStoreOf(this.flags.to, () => Promise.resolve(host))
      const plan = planBackup(host, domain, { store, incremental: this.flags.incremental })
      for (const note of plan.notes) this.note(note)
      if (this.dryRun) return { changed: true, said: `would be backed up to ${plan.path}`, path: plan.path, backup: plan.name }
      return await interruptible(async (signal) => {
        signal.addEventListener('abort', () => { ended = signal })
        return { ...await this.#create(host, domain, { store, plan }, signal), ...await this.#prune(host, name, store, signal) }
      })
    })
  }

  /** Who may not write may not read the content of volumes either. */
  protected override get readOnlyChange(): boolean {
    return false
  }

  async #create(
    host: Connection, domain: ReturnType<typeof find.vm>, { store, plan }: { store: BackupStore, plan: BackupPlan },
    interrupt: AbortSignal,
  ): Promise<Outcome> {
    const { timeout, quiesce } = this.flags
    using transfer = this.transfer('')
    using limit = timeLimit(interrupt, timeout)
    const manifest = await createBackup(host, domain, store, plan, {
      quiesce, version: this.config.version, signal: limit.signal,
      step: (text) => transfer.step(text), note: (text) => this.note(text), moved: (done, total) => transfer.moved(done, total),
    })
    const bytes = manifest.disks.reduce((sum, disk) => sum + disk.bytes, 0)
    const how = manifest.quiesced ? ', file systems written out' : ''
    return { changed: true, said: `${manifest.kind} backup ${manifest.name}, ${formatSize(bytes)}${how}`, path: plan.path, backup: manifest.name, bytes, manifest }
  }

  async #prune(host: Connection, name: string, store: BackupStore, signal: AbortSignal): Promise<{ deleted: string[] }> {
    const { keep } = this.flags
    if (!keep) return { deleted: [] }
    const options = { keep, now: new Date(), dryRun: false, signal, note: (text: string) => this.note(text) }
    const { deleted } = await pruneBackups(host, store, name, options)
    if (deleted.length > 0) this.note(`${name}: deleted by --keep: ${deleted.join(', ')}`)
    return { deleted }
  }
}

function timeLimit(interrupt: AbortSignal, timeout: number | undefined): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const timer = timeout === undefined ? undefined : setTimeout(() => controller.abort(new BayError('timeout', 'the backup was not whole in time')), timeout)
  return { signal: AbortSignal.any([interrupt, controller.signal]), [Symbol.dispose]: () => clearTimeout(timer) }
}
