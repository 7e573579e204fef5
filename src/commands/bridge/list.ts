import { readLinks } from '../../bridge/host-state.js'
import { listBridges, type BridgeRow } from '../../bridge/list-bridges.js'
import { leftBehind } from '../../bridge-left.js'
import { BridgeCommand } from '../../bridge-command.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { bridgeOwners } from '../../virt/ops/bridge-use.js'

export default class BridgeList extends BridgeCommand<typeof BridgeList> {
  static override summary = 'List the bridges of this system'
  static override description = 'With their ports and addresses, and the network of libvirt\'s that made each, where one did.'
  static override examples = [
    '<%= config.bin %> bridge list',
    '<%= config.bin %> bridge list --filter stp=yes --columns name,ports',
    '<%= config.bin %> bridge list -o json',
  ]

  static override flags = listFlags

  async run(): Promise<readonly BridgeRow[]> {
    const host = await this.libvirt()
    const rows = listBridges(await readLinks(), host === null ? new Map() : bridgeOwners(host))
    const left = await leftBehind()
    if (left !== null) this.note(`bay: ${left}`)
    return this.showList(rows.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })), columns)
  }
}

const columns: Column<BridgeRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'ports', get: (row) => row.ports },
  { key: 'addresses', get: (row) => row.addresses },
  { key: 'network', get: (row) => row.network },
  { key: 'stp', get: (row) => row.stp },
  { key: 'vlanFiltering', header: 'VLANS', get: (row) => row.vlanFiltering },
  { key: 'mtu', get: (row) => row.mtu, align: 'right', wide: true },
  { key: 'mac', get: (row) => row.mac, wide: true },
]
