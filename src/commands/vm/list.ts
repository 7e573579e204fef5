import { shownAddress } from '../../address-said.js'
import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import { compareNatural } from '../../output/sort.js'
import type { Column } from '../../output/table.js'
import { formatDuration, formatSize } from '../../units.js'
import { listVms, type VmRow } from '../../virt/ops/list-vms.js'

export default class VmList extends BaseCommand<typeof VmList> {
  static override summary = 'List virtual machines'
  static override description = 'All of them, running or not, with what a fixed number of calls to the host can tell. Running machines without a '
    + 'DHCP lease are asked one by one for their addresses, for 3 seconds at most; -o wide says where each is known from.'

  static override examples = [
    '<%= config.bin %> vm list',
    '<%= config.bin %> vm list --filter state=running --sort -memory',
    '<%= config.bin %> vm list -o json --filter "name~=^web-"',
  ]

  static override flags = listFlags

  async run(): Promise<readonly VmRow[]> {
    const host = await this.look()
    const { rows, unasked } = await listVms(host, () => this.openForAgents())
    if (unasked.length > 0) this.note(`bay: there was no time to ask ${unasked.length} machines for their addresses, such as ${unasked[0]}: bay vm show NAME`)
    rows.sort((a, b) => compareNatural(a.name, b.name))
    return this.showList(rows, columns, {
      xmlOf: (row) => { using domain = host.domainByUuid(row.uuid); return domain.xml() },
    })
  }
}

function knownFrom({ addressDetails }: VmRow): string[] {
  return addressDetails.map(shownAddress)
}

const columns: Column<VmRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'vcpus', get: (row) => row.vcpus, align: 'right' },
  { key: 'memory', get: (row) => row.memory === null ? null : formatSize(row.memory), align: 'right' },
  { key: 'addresses', get: (row) => row.addresses },
  { key: 'autostart', get: (row) => row.autostart, wide: true },
  { key: 'persistent', get: (row) => row.persistent, wide: true },
  { key: 'reason', get: (row) => row.reason, wide: true },
  { key: 'cpuTime', header: 'CPU-TIME', get: (row) => row.cpuTime === null ? null : formatDuration(row.cpuTime), wide: true, align: 'right' },
  { key: 'id', get: (row) => row.id, wide: true, align: 'right' },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
  { key: 'addressDetails', header: 'KNOWN-FROM', get: knownFrom, raw: knownFrom, wide: true },
]
