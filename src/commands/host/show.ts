import { BaseCommand } from '../../base.js'
import type { Field } from '../../output/details.js'
import type { Column } from '../../output/table.js'
import { formatSize } from '../../units.js'
import { describeHost, openToAsk, type HostDescription } from '../../virt/ops/describe-host.js'

export default class HostShow extends BaseCommand<typeof HostShow> {
  static override summary = 'Show the host'
  static override description = 'What it is, how large it is, and what machines it can run. -o xml prints libvirt\'s capabilities.'

  static override examples = [
    '<%= config.bin %> host show',
    '<%= config.bin %> host show -c qemu+ssh://root@server/system -o json',
  ]

  async run(): Promise<HostDescription> {
    const embedded = /^sandbox(:|$)/.test(this.uri ?? '')
    const { connection, uri, shared } = await openToAsk((options) => this.openHost(options), { embedded })
    const host = describeHost(connection, shared ? connection.uri() : uri)
    return this.showObject(host, fields, columns, () => connection.capabilities())
  }
}

const fields: Field<HostDescription>[] = [
  { label: 'Name', get: (host) => host.name },
  { label: 'URI', get: (host) => host.uri },
  { label: 'Driver', get: (host) => host.type },
  { label: 'libvirt', get: (host) => host.libvirt },
  { label: 'Hypervisor', get: (host) => host.hypervisor },
  { label: 'CPU', get: (host) => [host.arch, host.cpu].filter((each) => each !== null).join(', ') },
  { label: 'CPUs', get: (host) => `${host.cpus} (sockets ${host.sockets}, cores ${host.cores}, threads ${host.threads}, NUMA nodes ${host.nodes})` },
  { label: 'Memory', get: (host) => formatSize(host.memory) },
  { label: 'KVM', get: (host) => host.kvm },
  { label: 'Guests', get: (host) => host.guests },
  { label: 'Machine', get: (host) => host.machine },
  { label: 'Emulator', get: (host) => host.emulator },
  { label: 'Firmware', get: (host) => host.firmware },
  { label: 'Secure boot', get: (host) => host.secureBoot },
  { label: 'Max. vCPUs', get: (host) => host.maxVcpus },
]

const columns: Column<HostDescription>[] = [
  { key: 'name', get: (host) => host.name },
  { key: 'uri', get: (host) => host.uri },
  { key: 'type', get: (host) => host.type },
  { key: 'libvirt', get: (host) => host.libvirt },
  { key: 'hypervisor', get: (host) => host.hypervisor },
  { key: 'arch', get: (host) => host.arch },
  { key: 'cpus', get: (host) => host.cpus },
  { key: 'memory', get: (host) => formatSize(host.memory) },
  { key: 'kvm', get: (host) => host.kvm },
]
