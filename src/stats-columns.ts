import type { Column } from './output/table.js'
import { formatDuration, formatSize } from './units.js'
import { totals, type RatedVm, type VmRates } from './virt/ops/vm-rates.js'

/** What machines have used since they were started; the disks' and interfaces' sums. */
export const statsColumns: Column<RatedVm>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'cpuTime', header: 'CPU-TIME', get: ({ cpuTime }) => cpuTime === null ? null : formatDuration(cpuTime), align: 'right' },
  { key: 'memory', get: (row) => size(row.memory), align: 'right' },
  { key: 'memoryUsed', header: 'USED', get: (row) => size(row.memoryUsed), align: 'right' },
  counter('read', totals.readBytes), counter('written', totals.writtenBytes),
  counter('received', totals.receivedBytes), counter('sent', totals.sentBytes),
  { key: 'vcpus', get: (row) => row.vcpus, align: 'right', wide: true },
  { key: 'memoryRss', header: 'RSS', get: (row) => size(row.memoryRss), align: 'right', wide: true },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
]

/** What they do now, a second. */
export const rateColumns: Column<RatedVm>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'cpu', header: 'CPU%', get: ({ rates }) => percent(rates?.cpu ?? null), raw: ({ rates }) => rates?.cpu ?? null, align: 'right' },
  { key: 'memory', get: (row) => size(row.memory), align: 'right' },
  { key: 'memoryUsed', header: 'USED', get: (row) => size(row.memoryUsed), align: 'right' },
  rate('read', 'READ/S', 'readBytes'), rate('written', 'WRITTEN/S', 'writtenBytes'),
  rate('received', 'RECEIVED/S', 'receivedBytes'), rate('sent', 'SENT/S', 'sentBytes'),
  { ...rate('reads', 'READS/S', 'readRequests', count), wide: true }, { ...rate('writes', 'WRITES/S', 'writeRequests', count), wide: true },
  { ...counter('disk', diskRate), header: 'DISK/S', wide: true }, { ...counter('net', netRate), header: 'NET/S', wide: true },
  { key: 'vcpus', get: (row) => row.vcpus, align: 'right', wide: true },
  { key: 'memoryRss', header: 'RSS', get: (row) => size(row.memoryRss), align: 'right', wide: true },
  { key: 'uuid', get: (row) => row.uuid, wide: true },
]

/** Read and written. */
export function diskRate({ rates }: RatedVm): number | null {
  return both(rates?.readBytes ?? null, rates?.writtenBytes ?? null)
}

/** Received and sent. */
export function netRate({ rates }: RatedVm): number | null {
  return both(rates?.receivedBytes ?? null, rates?.sentBytes ?? null)
}

function both(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0)
}

/** Of one CPU, as people know it: 150 is one and a half. */
export function percent(cpus: number | null): string | null {
  return cpus === null ? null : (100 * cpus).toFixed(1)
}

function size(bytes: number | null): string | null {
  return bytes === null ? null : formatSize(Math.round(bytes))
}

function count(value: number | null): string | null {
  return value === null ? null : value.toFixed(1)
}

function counter(key: string, get: (row: RatedVm) => number | null): Column<RatedVm> {
  return { key, get: (row) => size(get(row)), raw: get, align: 'right' }
}

function rate(key: string, header: string, of: keyof VmRates, show = size): Column<RatedVm> {
  const get = ({ rates }: RatedVm) => rates?.[of] ?? null
  return { key, header, get: (row) => show(get(row)), raw: get, align: 'right' }
}
