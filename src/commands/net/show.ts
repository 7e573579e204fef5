import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { jsonColumns } from '../../output/columns.js'
import { tableField, type Field } from '../../output/details.js'
import type { Column } from '../../output/table.js'
import { describeNetwork, type NetworkDetails, type NetworkRow } from '../../virt/ops/list-networks.js'
import type { LeaseRow } from '../../virt/ops/network-leases.js'

export default class NetShow extends BaseCommand<typeof NetShow> {
  static override summary = 'Show everything about a network'
  static override description = 'Its bridge, subnets, DHCP ranges, reservations and leases. With -o xml: libvirt\'s own description.'

  static override examples = [
    '<%= config.bin %> net show default',
    '<%= config.bin %> net show default -o json',
  ]

  static override args = nameArg('net')

  async run(): Promise<NetworkDetails> {
    const host = await this.look()
    using network = find.net(host, this.args.name)
    return await this.showObject(describeNetwork(host, network), fields, columns, () => network.xml())
  }
}

type Subnet = NetworkRow['subnets'][number]

const subnetColumns: Column<Subnet>[] = [
  { key: 'address', get: ({ address, prefix }) => `${address}/${prefix}` },
  { key: 'dhcp', get: ({ dhcp }) => dhcp.map(({ start, end }) => `${start}-${end}`) },
  { key: 'reservations', get: ({ reservations }) => reservations.map(({ mac, ip, name }) => `${mac ?? name}=${ip}`) },
]

const leaseColumns: Column<LeaseRow>[] = [
  { key: 'mac', get: (lease) => lease.mac },
  { key: 'address', get: ({ address, prefix }) => `${address}/${prefix}` },
  { key: 'hostname', get: (lease) => lease.hostname },
  { key: 'expires', get: (lease) => lease.expires ?? 'never' },
  { key: 'machine', get: (lease) => lease.machine },
  { key: 'state', get: (lease) => lease.state },
]

const fields: Field<NetworkDetails>[] = [
  { label: 'Name', get: (net) => net.name },
  { label: 'UUID', get: (net) => net.uuid },
  { label: 'Active', get: (net) => net.active },
  { label: 'Autostart', get: (net) => net.autostart },
  { label: 'Persistent', get: (net) => net.persistent },
  { label: 'Mode', get: (net) => net.mode },
  { label: 'Bridge', get: (net) => net.bridge },
  { label: 'Device', get: (net) => net.device },
  { label: 'Domain', get: (net) => net.domain },
  { label: 'MTU', get: (net) => net.mtu },
  { label: 'Guests apart', get: (net) => net.isolateGuests },
  { label: 'DNS', get: (net) => net.dnsHosts.length === 0 ? null : net.dnsHosts.map(({ address, names }) => `${names.join(' ')} ${address}`) },
  tableField('Subnets', (net) => net.subnets, subnetColumns),
  tableField('Leases', (net) => net.leases, leaseColumns),
]

const columns = jsonColumns<NetworkDetails>('name', 'active', 'autostart', 'mode', 'bridge', 'domain', 'persistent', 'uuid')
