import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../base.js'
import { find, namesOf } from '../../find.js'
import { listFlags } from '../../flags.js'
import { expandNames } from '../../names.js'
import type { Column } from '../../output/table.js'
import { networkLeases, type LeaseRow } from '../../virt/ops/network-leases.js'

export default class NetLeases extends BaseCommand<typeof NetLeases> {
  static override summary = 'List the addresses that networks gave to their guests'
  static override description = 'The DHCP leases of the networks that are named, or of all, as vm show and vm list have them. A lease outlives its '
    + 'machine until it expires: state is current when the present run of a running machine has it, older when it is from an earlier run or the '
    + 'card has a later one, unclaimed when no running machine has that card, and expired.'

  static override examples = [
    '<%= config.bin %> net leases',
    '<%= config.bin %> net leases default --filter state=current',
    '<%= config.bin %> net leases -o json',
  ]

  static override args = { name: Args.string({ multiple: true, description: 'network names; globs such as \'lab-*\' work in quotes' }) }
  static override flags = listFlags

  async run(): Promise<readonly LeaseRow[]> {
    const host = await this.look()
    const { name: names = [] } = this.args
    const wanted = names.length === 0 ? namesOf.net(host) : expandNames(names, namesOf.net(host), 'net')
    for (const name of wanted) find.net(host, name)[Symbol.dispose]()
    using networks = host.networks()
    const rows = networkLeases(host, networks.filter((network) => wanted.includes(network.name())))
    return await this.showList(rows, columns, { nameOf: ({ address }) => address })
  }
}

const columns: Column<LeaseRow>[] = [
  { key: 'network', get: (lease) => lease.network },
  { key: 'mac', get: (lease) => lease.mac },
  { key: 'address', get: ({ address, prefix }) => `${address}/${prefix}`, raw: ({ address }) => address },
  { key: 'hostname', get: (lease) => lease.hostname },
  { key: 'expires', get: (lease) => lease.expires ?? 'never', raw: (lease) => lease.expires },
  { key: 'machine', get: (lease) => lease.machine },
  { key: 'state', get: (lease) => lease.state },
  { key: 'family', get: (lease) => lease.family, wide: true },
  { key: 'clientId', header: 'CLIENT-ID', get: (lease) => lease.clientId, wide: true },
]
