import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { formatDuration, formatSize } from '../../units.js'
import { backupFolderOf, backupsIn, backupsOf } from '../../virt/ops/backup-store.js'
import { backupRow, type BackupRow } from '../../virt/ops/list-backups.js'

export default class BackupList extends BaseCommand<typeof BackupList> {
  static override summary = 'List the backups in a folder'
  static override description = 'Of all machines, or of those that are named; no host is asked. One that is incomplete is being made, or was cut.'
  static override examples = ['<%= config.bin %> backup list --from /backup', '<%= config.bin %> backup list web-1 --from /backup -o json']
  static override args = { name: Args.string({ multiple: true, description: 'machine names' }) }
  static override flags = {
    ...listFlags,
    from: Flags.string({ required: true, helpValue: 'DIR', description: 'the folder that holds the backups' }),
  }

  run(): Promise<readonly BackupRow[]> {
    const dir = backupFolderOf(this.flags.from, '--from')
    const { name: names = [] } = this.args
    const all = names.length === 0 ? backupsIn(dir) : names.flatMap((name) => backupsOf(dir, name))
    const now = Date.now()
    return this.showList(all.map((backup) => backupRow(backup, now)), columns, { nameOf: ({ path }) => path })
  }
}

const columns: Column<BackupRow>[] = [
  { key: 'vm', get: (row) => row.vm },
  { key: 'name', get: (row) => row.name },
  { key: 'age', get: (row) => row.age === null ? null : formatDuration(row.age), align: 'right' },
  { key: 'kind', get: (row) => row.kind },
  { key: 'bytes', header: 'SIZE', get: (row) => formatSize(row.bytes), align: 'right' },
  { key: 'quiesced', get: (row) => row.quiesced },
  { key: 'state', get: (row) => row.state },
  { key: 'parent', get: (row) => row.parent, wide: true },
  { key: 'disks', get: (row) => row.disks, wide: true },
  { key: 'time', get: (row) => row.time, wide: true },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
  { key: 'path', get: (row) => row.path, wide: true },
]
