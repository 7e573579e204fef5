import * as Args from '@oclif/core/args'
import { backupStoreOf, fromFlag, namedBackups } from '../../backup-flags.js'
import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import type { BackupStore, StoredBackup } from '../../virt/ops/backup-store.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { verifyBackup } from '../../virt/ops/verify-backup.js'

interface VerifiedRow { vm: string | null, name: string, ok: boolean, findings: string[], path: string }

export default class BackupVerify extends BaseCommand<typeof BackupVerify> {
  static override summary = 'Read backups and compare them with their checksums'
  static override description = 'Every file is read, each disk\'s tables are looked through, and what an incremental one builds on must be there. Out of a pool '
    + 'all of it comes through the connection to the host. Ends with '
    + 'exit code 3 when anything is wrong.'

  static override examples = ['<%= config.bin %> backup verify --from /backup', '<%= config.bin %> backup verify web-1 --from /backup -o json']
  static override args = { name: Args.string({ multiple: true, description: 'machine names, or MACHINE/BACKUP for one' }) }
  static override flags = { ...listFlags, from: fromFlag }

  async run(): Promise<readonly VerifiedRow[]> {
    using store = await backupStoreOf(this.flags.from, async () => (await this.openHost({ readOnly: false })).connection)
    const chosen = this.#chosen(store)
    const rows = await interruptible(async (signal) => {
      const done: VerifiedRow[] = []
      for (const { backup, all } of chosen) {
        const findings = await verifyBackup(backup, all, signal)
        done.push({ vm: backup.manifest?.vm ?? null, name: backup.name, ok: findings.length === 0, findings, path: backup.path })
      }
      return done
    }, (how) => ({ message: how }))
    if (rows.some(({ ok }) => !ok)) this.endWith('differences')
    return await this.showList(rows, columns, { nameOf: ({ path }) => path })
  }

  #chosen(store: BackupStore): { backup: StoredBackup, all: StoredBackup[] }[] {
    const { name: names = [] } = this.args
    const everything = names.length === 0 ? store.all() : []
    if (names.length === 0) {
      return everything.map((backup) => ({ backup, all: everything.filter((each) => sameMachine(each, backup)) }))
    }
    return names.flatMap((text) => {
      const { wanted, all } = namedBackups(store, text)
      return wanted.map((backup) => ({ backup, all }))
    })
  }
}

/** All but the backup's own name at the end of its path. */
function sameMachine(a: StoredBackup, b: StoredBackup): boolean {
  return a.path.slice(0, -a.name.length) === b.path.slice(0, -b.name.length)
}

const columns: Column<VerifiedRow>[] = [
  { key: 'vm', get: (row) => row.vm },
  { key: 'name', get: (row) => row.name },
  { key: 'ok', get: (row) => row.ok },
  { key: 'findings', get: (row) => row.findings.join('; '), raw: (row) => row.findings },
]
