import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { shownAddress } from '../../address-said.js'
import { tableField, type Field } from '../../output/details.js'
import type { Column } from '../../output/table.js'
import { formatDuration, formatSize } from '../../units.js'
import { describeVm, type VmDetails, type VmDisk, type VmNic } from '../../virt/ops/describe-vm.js'
import type { KnownAddress } from '../../virt/ops/vm-addresses.js'

export default class VmShow extends BaseCommand<typeof VmShow> {
  static override summary = 'Show everything about a virtual machine'
  static override description = 'Its state, hardware, disks, network interfaces with their addresses, and displays. '
    + 'With -o xml: libvirt\'s own description.'

  static override examples = [
    '<%= config.bin %> vm show web-1',
    '<%= config.bin %> vm show web-1 -o json',
  ]

  static override args = nameArg('vm')

  async run(): Promise<VmDetails> {
    const host = await this.look()
    using domain = find.vm(host, this.args.name)
    return await this.showObject(await describeVm(host, domain, () => this.openForAgents()), fields, columns, () => domain.xml())
  }
}

const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)
const duration = (seconds: number | null) => seconds === null ? null : formatDuration(seconds)

const diskColumns: Column<VmDisk>[] = [
  { key: 'target', get: (disk) => disk.target },
  { key: 'bus', get: (disk) => disk.bus },
  { key: 'format', get: (disk) => disk.format },
  { key: 'capacity', get: (disk) => size(disk.capacity), align: 'right' },
  { key: 'allocation', get: (disk) => size(disk.allocation), align: 'right' },
  { key: 'volume', get: (disk) => disk.pool === null ? null : `${disk.pool}/${disk.volume}` },
  { key: 'path', get: (disk) => disk.path },
]

/** An interface with all that is known of its addresses, old leases too. */
type KnownNic = VmNic & { known: KnownAddress[] }

function withKnown({ nics, addressDetails }: VmDetails): KnownNic[] {
  return nics.map((nic) => ({ ...nic, known: addressDetails.filter(({ mac }) => mac === nic.mac?.toLowerCase()) }))
}

const nicColumns: Column<KnownNic>[] = [
  { key: 'mac', get: (nic) => nic.mac },
  { key: 'type', get: (nic) => nic.type },
  { key: 'source', get: (nic) => nic.source },
  { key: 'model', get: (nic) => nic.model },
  { key: 'filter', get: (nic) => nic.filter },
  { key: 'addresses', get: ({ known }) => known.map(shownAddress) },
]

const fields: Field<VmDetails>[] = [
  { label: 'Name', get: (vm) => vm.name },
  { label: 'UUID', get: (vm) => vm.uuid },
  { label: 'State', get: (vm) => `${vm.state} (${vm.reason})` },
  { label: 'Autostart', get: (vm) => vm.autostart },
  { label: 'Persistent', get: (vm) => vm.persistent },
  { label: 'vCPUs', get: (vm) => vm.vcpus === vm.maxVcpus ? vm.vcpus : `${vm.vcpus} of ${vm.maxVcpus}` },
  { label: 'Memory', get: (vm) => vm.memory === vm.maxMemory ? size(vm.memory) : `${size(vm.memory)} of ${size(vm.maxMemory)}` },
  { label: 'Runs as', get: (vm) => [vm.virt, vm.arch, vm.machine, vm.firmware].filter((each) => each !== null).join(', ') },
  { label: 'CPU time', get: (vm) => duration(vm.cpuTime) },
  { label: 'Uptime', get: (vm) => duration(vm.uptime) },
  { label: 'Snapshots', get: (vm) => vm.snapshots },
  { label: 'Protected', get: (vm) => vm.protected },
  { label: 'Description', get: (vm) => vm.description },
  { label: 'Displays', get: (vm) => vm.graphics.map(({ type, uri }) => uri ?? type) },
  tableField('Disks', (vm) => vm.disks, diskColumns),
  tableField('Interfaces', withKnown, nicColumns),
]

const columns: Column<VmDetails>[] = [
  { key: 'name', get: (vm) => vm.name },
  { key: 'state', get: (vm) => vm.state },
  { key: 'vcpus', get: (vm) => vm.vcpus },
  { key: 'memory', get: (vm) => size(vm.memory) },
  { key: 'addresses', get: (vm) => vm.addresses },
  { key: 'uuid', get: (vm) => vm.uuid },
]
