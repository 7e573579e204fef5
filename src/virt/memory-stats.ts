import { failure, VirtError } from './errors.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'

/** virNodeMemoryStats: a name of 80 bytes, then KiB. https://libvirt.org/html/libvirt-libvirt-host.html#virNodeGetMemoryStats */
const fieldSize = 80
const size = 88
/** VIR_NODE_MEMORY_STATS_ALL_CELLS, which has four values: total, free, buffers, cached */
const allCells = -1
const count = 4

export interface MemoryStats {
  /** bytes */
  total: number
  /** what nothing uses but the kernel's caches */
  free: number
}

/** The host's memory as its kernel counts it now; null where the driver does not tell. */
export function readMemoryStats(connection: Pointer<'conn'>): MemoryStats | null {
  const [values, wanted] = [Buffer.alloc(size * count), Buffer.alloc(4)]
  wanted.writeInt32LE(count)
  try {
    call.virNodeGetMemoryStats(connection, allCells, values, wanted, 0)
  } catch (error) {
    // Another system than Linux has another number of values.
    if (error instanceof VirtError && error.is(failure.noSupport, failure.invalidArgument)) return null
    throw error
  }
  const stats = new Map(Array.from({ length: count }, (_, at): [string, number] => {
    const name = values.toString('latin1', at * size, at * size + fieldSize)
    return [name.slice(0, name.indexOf('\0')), Number(values.readBigUInt64LE(at * size + fieldSize)) * 1024]
  }))
  const sum = (...names: string[]) => names.reduce((total, name) => total + (stats.get(name) ?? 0), 0)
  return { total: sum('total'), free: sum('free', 'buffers', 'cached') }
}
