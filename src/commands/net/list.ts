import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { listNetworks, type NetworkRow } from '../../virt/ops/list-networks.js'

export default class NetList extends BaseCommand<typeof NetList> {
  static override summary = 'List networks'
  static override description = 'All of them, running or not, with their subnets.'
  static override examples = [
    '<%= config.bin %> net list',
    '<%= config.bin %> net list --filter active=yes --columns name,subnets',
    '<%= config.bin %> net list -o json',
  ]

  static override flags = listFlags

  async run(): Promise<readonly NetworkRow[]> {
    const host = await this.look()
    const rows = listNetworks(host).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    return this.showList(rows, columns, {
      xmlOf: (row) => {
        using network = host.networkByUuid(row.uuid)
        return network.xml()
      },
    })
  }
}

const columns: Column<NetworkRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'active', get: (row) => row.active },
  { key: 'autostart', get: (row) => row.autostart },
  { key: 'mode', get: (row) => row.mode },
  { key: 'bridge', get: (row) => row.bridge },
  {
    key: 'subnets', get: (row) => row.subnets.map(({ address, prefix }) => `${address}/${prefix}`),
    raw: (row) => row.subnets.map(({ address, prefix }) => `${address}/${prefix}`),
  },
  { key: 'domain', get: (row) => row.domain, wide: true },
  { key: 'persistent', get: (row) => row.persistent, wide: true },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
]
