import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { BayError } from '../../errors.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { backupFolderOf, backupsIn, backupsOf } from '../../virt/ops/backup-store.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { verifyBackup } from '../../virt/ops/verify-backup.js'

interface VerifiedRow { vm: string | null, name: string, ok: boolean, findings: string[], path: string }

export default class BackupVerify extends BaseCommand<typeof BackupVerify> {
  static override summary = 'Read backups and compare them with their checksums'
  static override description = 'Every file is read, each disk\'s tables are looked through, and what an incremental one builds on must be there. Ends with '
    + 'exit code 3 when anything is wrong.'

  static override examples = ['<%= config.bin %> backup verify --from /backup', '<%= config.bin %> backup verify web-1 --from /backup -o json']
  static override args = { name: Args.string({ multiple: true, description: 'machine names, or MACHINE/BACKUP for one' }) }
  static override flags = {
    ...listFlags,
    from: Flags.string({ required: true, helpValue: 'DIR', description: 'the folder that holds the backups' }),
  }

  async run(): Promise<readonly VerifiedRow[]> {
    const dir = backupFolderOf(this.flags.from, '--from')
    const chosen = this.#chosen(dir)
    const rows = await interruptible(async (signal) => {
      const done: VerifiedRow[] = []
      for (const { backup, all } of chosen) {
        const findings = await verifyBackup(backup, all, signal)
        done.push({ vm: backup.manifest?.vm ?? null, name: backup.name, ok: findings.length === 0, findings, path: backup.path })
      }
      return done
    }, (how) => ({ message: how }))
    if (rows.some(({ ok }) => !ok)) this.endWith('differences')
    return this.showList(rows, columns, { nameOf: ({ path }) => path })
  }

  #chosen(dir: string) {
    const { name: names = [] } = this.args
    const everything = backupsIn(dir)
    if (names.length === 0) {
      return everything.map((backup) => ({ backup, all: everything.filter((each) => sameMachine(each.path, backup.path)) }))
    }
    return names.flatMap((text) => {
      const [, vm = text, only] = /^(.*)\/(\d{8}T\d{6}Z)$/s.exec(text) ?? []
      const all = backupsOf(dir, vm)
      const wanted = all.filter(({ name }) => only === undefined || name === only)
      if (wanted.length === 0) throw new BayError('not-found', `there is no backup of ${text} in ${dir}`, { hints: [`bay backup list --from ${dir}`] })
      return wanted.map((backup) => ({ backup, all }))
    })
  }
}

const sameMachine = (a: string, b: string) => a.slice(0, a.lastIndexOf('/')) === b.slice(0, b.lastIndexOf('/'))

const columns: Column<VerifiedRow>[] = [
  { key: 'vm', get: (row) => row.vm },
  { key: 'name', get: (row) => row.name },
  { key: 'ok', get: (row) => row.ok },
  { key: 'findings', get: (row) => row.findings.join('; '), raw: (row) => row.findings },
]
