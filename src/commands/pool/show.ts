import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { jsonColumns } from '../../output/columns.js'
import type { Field } from '../../output/details.js'
import { formatSize } from '../../units.js'
import { describePool, type PoolRow } from '../../virt/ops/list-pools.js'

export default class PoolShow extends BaseCommand<typeof PoolShow> {
  static override summary = 'Show everything about a storage pool'
  static override description = 'Where it is and how full; its volumes are in vol list. With -o xml: libvirt\'s own description.'

  static override examples = [
    '<%= config.bin %> pool show default',
    '<%= config.bin %> pool show default -o json',
  ]

  static override args = nameArg('pool')

  async run(): Promise<PoolRow> {
    using pool = find.pool(await this.look(), this.args.name)
    return await this.showObject(describePool(pool), fields, columns, () => pool.xml())
  }
}

const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)

const fields: Field<PoolRow>[] = [
  { label: 'Name', get: (pool) => pool.name },
  { label: 'UUID', get: (pool) => pool.uuid },
  { label: 'State', get: (pool) => pool.state },
  { label: 'Autostart', get: (pool) => pool.autostart },
  { label: 'Persistent', get: (pool) => pool.persistent },
  { label: 'Type', get: (pool) => pool.type },
  { label: 'Path', get: (pool) => pool.path },
  { label: 'Capacity', get: (pool) => size(pool.capacity) },
  { label: 'Allocation', get: (pool) => size(pool.allocation) },
  { label: 'Available', get: (pool) => size(pool.available) },
  { label: 'Volumes', get: (pool) => pool.volumes },
]

const columns = jsonColumns<PoolRow>(
  'name', 'state', 'autostart', 'type', 'path', 'capacity', 'allocation', 'available', 'volumes', 'persistent', 'uuid',
)
