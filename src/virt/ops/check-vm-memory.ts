import { UsageError } from '../../errors.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../connection.js'

/**
 * Refuses memory that the host has not; says so when it is only not free now, for hosts give away more than they have as a
 * matter of course: that note is returned. @throws UsageError
 */
export function checkHostMemory(connection: Connection, wanted: number, { start, say = '--memory 2G' }: { start: boolean, say?: string }): string | undefined {
  const { total, free } = connection.memoryStats() ?? unknown
  if (wanted > total) throw new UsageError(`${formatSize(wanted)} of memory is more than the host has, which is ${formatSize(total)}`, `give less: ${say}`)
  if (!start || wanted <= free) return undefined
  return `${formatSize(free)} of the host's memory is free now, and the machine may take ${formatSize(wanted)}: the host may swap`
}

/** Then libvirt says it when the machine starts. */
const unknown = { total: Infinity, free: Infinity }
