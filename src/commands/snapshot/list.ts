import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { allSnapshots, snapshotsOf, type SnapshotRow } from '../../virt/ops/list-snapshots.js'

export default class SnapshotList extends BaseCommand<typeof SnapshotList> {
  static override summary = 'List snapshots of virtual machines'
  static override description = 'Of one machine, or of all that have any: each below the one that it stands on. The one that the machine goes on from is current.'
  static override examples = [
    '<%= config.bin %> snapshot list web-1',
    '<%= config.bin %> snapshot list --group nightly -o json',
  ]

  static override args = { name: Args.string({ description: 'the machine\'s name; without one all of them' }) }
  static override flags = { ...listFlags, group: Flags.string({ helpValue: 'NAME', description: 'only those of this group' }) }

  async run(): Promise<readonly SnapshotRow[]> {
    const host = await this.look()
    const { args: { name }, flags: { group } } = this
    using domain = name === undefined ? null : find.vm(host, name)
    const rows = domain === null ? allSnapshots(host) : snapshotsOf(domain)
    return await this.showList(rows.filter((row) => group === undefined || row.group === group), columns, {
      nameOf: (row) => name === undefined ? `${row.vm}/${row.name}` : row.name,
      xmlOf: (row) => {
        using machine = host.domain(row.vm)
        using snapshot = machine.snapshot(row.name)
        return snapshot.xml()
      },
    })
  }
}

const columns: Column<SnapshotRow>[] = [
  { key: 'vm', get: (row) => row.vm },
  { key: 'name', get: (row) => `${'  '.repeat(row.depth)}${row.name}`, raw: (row) => row.name },
  { key: 'current', get: (row) => row.current },
  { key: 'created', get: (row) => row.created.replace(/\.000Z$/, 'Z') },
  { key: 'state', get: (row) => row.state },
  { key: 'kind', get: (row) => row.kind },
  { key: 'memory', get: (row) => row.memory },
  { key: 'group', get: (row) => row.group },
  { key: 'description', get: (row) => row.description, wide: true },
  { key: 'parent', get: (row) => row.parent, wide: true },
]
