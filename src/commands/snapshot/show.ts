import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { findSnapshot } from '../../snapshot-names.js'
import { tableField, type Field } from '../../output/details.js'
import type { Column } from '../../output/table.js'
import { describeSnapshot, type SnapshotDetails } from '../../virt/ops/describe-snapshot.js'

export default class SnapshotShow extends BaseCommand<typeof SnapshotShow> {
  static override summary = 'Show everything about a snapshot'
  static override description = 'When it was taken and of what, where its disks are and where its memory. With -o xml: libvirt\'s own description.'
  static override examples = ['<%= config.bin %> snapshot show web-1 20261123-110500', '<%= config.bin %> snapshot show web-1 before-upgrade -o json']
  static override args = { ...nameArg('vm'), snapshot: Args.string({ required: true, description: 'the snapshot\'s name' }) }

  async run(): Promise<SnapshotDetails> {
    const host = await this.look()
    using domain = find.vm(host, this.args.name)
    using snapshot = findSnapshot(domain, this.args.snapshot)
    return await this.showObject(describeSnapshot(domain, snapshot), fields, columns, () => snapshot.xml())
  }
}

type Disk = SnapshotDetails['disks'][number]

const diskColumns: Column<Disk>[] = [
  { key: 'target', get: (disk) => disk.target },
  { key: 'kind', get: (disk) => disk.kind },
  { key: 'path', get: (disk) => disk.path },
]

const fields: Field<SnapshotDetails>[] = [
  { label: 'Machine', get: (row) => row.vm },
  { label: 'Name', get: (row) => row.name },
  { label: 'Created', get: (row) => row.created },
  { label: 'Current', get: (row) => row.current },
  { label: 'Parent', get: (row) => row.parent },
  { label: 'State', get: (row) => row.state },
  { label: 'Kind', get: (row) => row.kind },
  { label: 'Memory', get: (row) => row.memoryFile ?? row.memory },
  { label: 'Group', get: (row) => row.group },
  { label: 'Description', get: (row) => row.description },
  tableField('Disks', (row) => row.disks, diskColumns),
]

const columns: Column<SnapshotDetails>[] = [
  { key: 'vm', get: (row) => row.vm },
  { key: 'name', get: (row) => row.name },
  { key: 'created', get: (row) => row.created },
  { key: 'kind', get: (row) => row.kind },
]
