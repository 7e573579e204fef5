import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { BayError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, nameArgs, timeoutFlag } from '../../flags.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../../virt/connection.js'
import { backupFolderOf } from '../../virt/ops/backup-store.js'
import { createBackup } from '../../virt/ops/create-backup.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { planBackup, type BackupPlan } from '../../virt/ops/plan-backup.js'

export default class BackupCreate extends ActionCommand<typeof BackupCreate> {
  static override summary = 'Back up virtual machines into a folder'
  static override description = 'All disks of one moment, the definition with its passwords and the UEFI variables, while the machine runs. One that is '
    + 'off is started for it without letting its guest run. With --incremental only what was written since the last backup there; where '
    + 'that is not known a full one is made, and said. A backup that fails leaves nothing behind.'

  static override examples = [
    '<%= config.bin %> backup create web-1 --to /backup',
    "<%= config.bin %> backup create 'web-*' --to /backup --incremental --timeout 2h",
  ]

  static override args = nameArgs('vm')
  static override flags = {
    ...changeFlags,
    to: Flags.string({ required: true, helpValue: 'DIR', description: 'the folder on the host that holds the backups' }),
    incremental: Flags.boolean({ description: 'only what was written since the last backup there' }),
    quiesce: Flags.boolean({ allowNo: true, description: 'have the guest\'s agent write out its file systems first, or fail (default: if it is connected)' }),
    timeout: timeoutFlag,
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const wish = { dir: backupFolderOf(this.flags.to, '--to'), incremental: this.flags.incremental }
    let ended: AbortSignal | undefined
    return this.act({ action: 'backup', kind: 'vm', names: this.args.name ?? [] }, async (name, host) => {
      ended?.throwIfAborted()
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const plan = planBackup(host, domain, wish)
      for (const note of plan.notes) this.note(note)
      if (this.dryRun) return { changed: true, said: `would be backed up to ${plan.folder}`, path: plan.folder, backup: plan.name }
      return await interruptible((signal) => {
        signal.addEventListener('abort', () => { ended = signal })
        return this.#create(host, domain, plan, signal)
      })
    })
  }

  async #create(host: Connection, domain: ReturnType<typeof find.vm>, plan: BackupPlan, interrupt: AbortSignal): Promise<Outcome> {
    const { timeout, quiesce } = this.flags
    using transfer = this.transfer('')
    using limit = timeLimit(interrupt, timeout)
    const manifest = await createBackup(host, domain, plan, {
      quiesce, version: this.config.version, signal: limit.signal,
      step: (text) => transfer.step(text), note: (text) => this.note(text), moved: (done, total) => transfer.moved(done, total),
    })
    const bytes = manifest.disks.reduce((sum, disk) => sum + disk.bytes, 0)
    const how = manifest.quiesced ? ', file systems written out' : ''
    return { changed: true, said: `${manifest.kind} backup ${manifest.name}, ${formatSize(bytes)}${how}`, path: plan.folder, backup: manifest.name, bytes, manifest }
  }
}

function timeLimit(interrupt: AbortSignal, timeout: number | undefined): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const timer = timeout === undefined ? undefined : setTimeout(() => controller.abort(new BayError('timeout', 'the backup was not whole in time')), timeout)
  return { signal: AbortSignal.any([interrupt, controller.signal]), [Symbol.dispose]: () => clearTimeout(timer) }
}
