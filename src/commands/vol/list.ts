import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../base.js'
import { findRunningPool, namesOf } from '../../find.js'
import { listFlags } from '../../flags.js'
import { expandNames } from '../../names.js'
import { compareNatural } from '../../output/sort.js'
import type { Column } from '../../output/table.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../../virt/connection.js'
import { listVolumes, type VolumeRow } from '../../virt/ops/list-volumes.js'

export default class VolList extends BaseCommand<typeof VolList> {
  static override summary = 'List storage volumes'
  static override description = 'Those of the pools that are named, or of all running pools. -o name and -q print POOL/NAME, as the other commands take it.'
  static override examples = [
    '<%= config.bin %> vol list',
    '<%= config.bin %> vol list default --sort -allocation',
    '<%= config.bin %> vol list -o json --filter format=qcow2',
  ]

  static override args = { pool: Args.string({ multiple: true, description: 'pool names; globs such as \'fast-*\' work in quotes' }) }
  static override flags = listFlags

  async run(): Promise<readonly VolumeRow[]> {
    const host = await this.look()
    const rows = listVolumes(host, this.#pools(host))
      .sort((a, b) => compareNatural(fullName(a), fullName(b)))
    return this.showList(rows, columns, {
      nameOf: fullName,
      xmlOf: (row) => {
        using volume = host.volumeByPath(row.path)
        return volume.xml()
      },
    })
  }

  #pools(host: Connection): string[] | null {
    const { pool: names = [] } = this.args
    if (names.length === 0) return null
    const wanted = expandNames(names, namesOf.pool(host), 'pool')
    for (const name of wanted) findRunningPool(host, name)[Symbol.dispose]()
    return wanted
  }
}

const fullName = ({ pool, name }: VolumeRow) => `${pool}/${name}`
const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)

const columns: Column<VolumeRow>[] = [
  { key: 'pool', get: (row) => row.pool },
  { key: 'name', get: (row) => row.name },
  { key: 'format', get: (row) => row.format },
  { key: 'capacity', get: (row) => size(row.capacity), align: 'right' },
  { key: 'allocation', get: (row) => size(row.allocation), align: 'right' },
  { key: 'path', get: (row) => row.path },
  { key: 'type', get: (row) => row.type, wide: true },
  { key: 'backing', get: (row) => row.backing?.path ?? null, raw: (row) => row.backing?.path ?? null, wide: true },
]
