import type { MetricFamily, MetricSample } from './output/prometheus.js'
import type { HostSample } from './virt/ops/sample-host.js'
import type { DiskSample, NicSample, VmSample } from './virt/ops/sample-vms.js'

/**
 * A host's figures under the names that Prometheus's conventions ask for: base units, `_total` for what only grows.
 * https://prometheus.io/docs/practices/naming/
 */
export function hostMetrics({ host, vms, machines, pools, networks }: HostSample): MetricFamily[] {
  return [
    up(1),
    gauge('bay_host_info', 'The host: always 1', [[{ hostname: host.name, driver: host.type, libvirt: host.libvirt }, 1]]),
    gauge('bay_host_cpus', 'CPUs of the host', [[{}, host.cpus]]),
    gauge('bay_host_memory_bytes', 'Memory of the host', [[{}, host.memory]]),
    gauge('bay_host_memory_free_bytes', 'Memory that nothing uses but the caches', [[{}, host.memoryFree]]),
    gauge('bay_vms', 'Machines in each state', [...counted(machines)].map(([state, count]) => [{ state }, count])),
    gauge('bay_vm_state', 'The state that a machine is in: always 1', machines.map(({ name, state }) => [{ vm: name, state }, 1])),
    ...vmMetrics(vms), ...diskMetrics(vms), ...nicMetrics(vms),
    gauge('bay_pool_active', 'Whether a storage pool is active', pools.map(({ name, state }) => [{ pool: name }, state === 'inactive' ? 0 : 1])),
    gauge('bay_pool_capacity_bytes', 'Size of a storage pool', pools.map((pool) => [{ pool: pool.name }, pool.capacity])),
    gauge('bay_pool_allocation_bytes', 'What is used of a storage pool', pools.map((pool) => [{ pool: pool.name }, pool.allocation])),
    gauge('bay_pool_available_bytes', 'What is free in a storage pool', pools.map((pool) => [{ pool: pool.name }, pool.available])),
    gauge('bay_network_active', 'Whether a network is active', networks.map(({ name, active }) => [{ network: name }, active ? 1 : 0])),
    gauge('bay_network_leases', 'Addresses that a network has given away', networks.map(({ name, leases }) => [{ network: name }, leases])),
  ]
}

/** Whether the host answered; all that is known of one that does not. */
export function up(value: 0 | 1): MetricFamily {
  return gauge('bay_up', 'Whether libvirt answered', [[{}, value]])
}

/** A state that no machine is in is 0: an alert needs something to compare. */
function counted(machines: HostSample['machines']): Map<string, number> {
  const counts = new Map<string, number>([['running', 0], ['paused', 0], ['off', 0]])
  for (const { state } of machines) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}

function vmMetrics(vms: readonly VmSample[]): MetricFamily[] {
  const each = (get: (vm: VmSample) => number | null) => vms.map((vm): Value => [{ vm: vm.name }, get(vm)])
  return [
    gauge('bay_vm_info', 'A running machine: always 1', vms.map(({ name, uuid }) => [{ vm: name, uuid }, 1])),
    counter('bay_vm_cpu_seconds_total', 'CPU time of a machine since it was started', each(({ cpuTime }) => cpuTime)),
    gauge('bay_vm_vcpus', 'CPUs of a machine', each(({ vcpus }) => vcpus)),
    gauge('bay_vm_memory_bytes', 'Memory that a machine has now', each(({ memory }) => memory)),
    gauge('bay_vm_memory_max_bytes', 'Memory that a machine may have', each(({ maxMemory }) => maxMemory)),
    gauge('bay_vm_memory_used_bytes', 'Memory that the guest says it uses', each(({ memoryUsed }) => memoryUsed)),
    gauge('bay_vm_memory_resident_bytes', 'Memory that a machine takes on the host', each(({ memoryRss }) => memoryRss)),
  ]
}

function diskMetrics(vms: readonly VmSample[]): MetricFamily[] {
  const each = (get: (disk: DiskSample) => number | null) => vms.flatMap(({ name, disks }) =>
    disks.map((disk): Value => [{ vm: name, disk: disk.target }, get(disk)]))
  return [
    counter('bay_vm_disk_read_bytes_total', 'What a machine has read from a disk', each((disk) => disk.readBytes)),
    counter('bay_vm_disk_written_bytes_total', 'What a machine has written to a disk', each((disk) => disk.writtenBytes)),
    counter('bay_vm_disk_reads_total', 'How often it has read', each((disk) => disk.readRequests)),
    counter('bay_vm_disk_writes_total', 'How often it has written', each((disk) => disk.writeRequests)),
    counter('bay_vm_disk_read_seconds_total', 'How long its reading took', each((disk) => disk.readTime)),
    counter('bay_vm_disk_write_seconds_total', 'How long its writing took', each((disk) => disk.writeTime)),
    gauge('bay_vm_disk_capacity_bytes', 'Size of a disk as the guest sees it', each((disk) => disk.capacity)),
    gauge('bay_vm_disk_allocation_bytes', 'What a disk takes on the host', each((disk) => disk.allocation)),
  ]
}

function nicMetrics(vms: readonly VmSample[]): MetricFamily[] {
  const each = (get: (nic: NicSample) => number | null) => vms.flatMap(({ name, nics }) =>
    nics.map((nic, at): Value => [{ vm: name, device: nic.tap ?? String(at) }, get(nic)]))
  return [
    counter('bay_vm_network_receive_bytes_total', 'What a guest has received', each((nic) => nic.receivedBytes)),
    counter('bay_vm_network_transmit_bytes_total', 'What a guest has sent', each((nic) => nic.sentBytes)),
    counter('bay_vm_network_receive_packets_total', 'Packets that it has received', each((nic) => nic.receivedPackets)),
    counter('bay_vm_network_transmit_packets_total', 'Packets that it has sent', each((nic) => nic.sentPackets)),
    counter('bay_vm_network_receive_errors_total', 'Errors in receiving', each((nic) => nic.receiveErrors)),
    counter('bay_vm_network_transmit_errors_total', 'Errors in sending', each((nic) => nic.sendErrors)),
    counter('bay_vm_network_receive_drops_total', 'Packets that were dropped before it received them', each((nic) => nic.receiveDrops)),
    counter('bay_vm_network_transmit_drops_total', 'Packets that were dropped when it sent them', each((nic) => nic.sendDrops)),
  ]
}

type Value = [labels: Record<string, string>, value: number | null]

function gauge(name: string, help: string, values: readonly Value[]): MetricFamily {
  return { name, help, type: 'gauge', samples: known(values) }
}

function counter(name: string, help: string, values: readonly Value[]): MetricFamily {
  return { name, help, type: 'counter', samples: known(values) }
}

/** What nobody knows has no sample: 0 would be a lie. */
function known(values: readonly Value[]): MetricSample[] {
  return values.flatMap(([labels, value]) => value === null ? [] : [{ labels, value }])
}
