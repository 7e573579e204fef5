import * as Args from '@oclif/core/args'
import { backupStoreOf, fromFlag } from '../../backup-flags.js'
import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { formatDuration, formatSize } from '../../units.js'
import { backupRow, type BackupRow } from '../../virt/ops/list-backups.js'

export default class BackupList extends BaseCommand<typeof BackupList> {
  static override summary = 'List the backups in a folder or a pool'
  static override description = 'Of all machines, or of those that are named; no host is asked about a folder. One that is incomplete is being made, or was cut.'
  static override examples = ['<%= config.bin %> backup list --from /backup', '<%= config.bin %> backup list web-1 --from backups -o json']
  static override args = { name: Args.string({ multiple: true, description: 'machine names' }) }
  static override flags = { ...listFlags, from: fromFlag }

  async run(): Promise<readonly BackupRow[]> {
    using store = await backupStoreOf(this.flags.from, async () => (await this.openHost({ readOnly: false })).connection)
    const { name: names = [] } = this.args
    const all = names.length === 0 ? store.all() : names.flatMap((name) => store.of(name))
    const now = Date.now()
    return await this.showList(all.map((backup) => backupRow(backup, now)), columns, { nameOf: ({ path }) => path })
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
