import { UsageError } from '../errors.js'
import { manyCells } from './domain-vcpus.js'
import type { XmlElement } from './node.js'
import { bytesOf, kibibytes } from './numbers.js'
import { all, attr, child, path, upsert } from './tree.js'

/** Bytes, multiples of 1 KiB. */
export interface MemoryChange {
  /** what the balloon leaves the guest */
  memory?: number
  /** what the guest is started with */
  maxMemory?: number
}

/** A domain's memory in bytes (https://libvirt.org/formatdomain.html#memory-allocation). */
export function memoryOf(root: XmlElement): { memory: number, maxMemory: number } {
  const maxMemory = bytesOf(child(root, 'memory'), 'KiB') ?? 0
  return { memory: bytesOf(child(root, 'currentMemory'), 'KiB') ?? maxMemory, maxMemory }
}

/** The balloon's model, such as `virtio` or `none`; null where libvirt chooses. */
export function balloonOf(root: XmlElement): string | null {
  return attr(path(root, 'devices/memballoon'), 'model') ?? null
}

/**
 * Sets a domain's memory. More than the maximum raises the maximum, a maximum below the memory lowers that; a single NUMA cell
 * follows. Without a balloon both are the same.
 * @throws UsageError for sizes that contradict each other, or what the machine is made of
 */
export function setMemory(root: XmlElement, change: MemoryChange): void {
  if (change.memory === undefined && change.maxMemory === undefined) return
  const now = memoryOf(root)
  const { memory, maxMemory } = wanted(root, now, change)
  if (memory > maxMemory) throw new UsageError('memory is more than max-memory', 'leave max-memory out: it follows')
  if (maxMemory !== now.maxMemory) {
    fitCells(root, maxMemory)
    upsert(root, 'memory', { unit: 'KiB' }, kibibytes(maxMemory, 'max-memory'))
  }
  if (memory !== now.memory || (maxMemory !== now.maxMemory && (memory !== maxMemory || child(root, 'currentMemory')))) {
    upsert(root, 'currentMemory', { unit: 'KiB' }, kibibytes(memory, 'memory'))
  }
}

function wanted(root: XmlElement, now: Required<MemoryChange>, change: MemoryChange): Required<MemoryChange> {
  if (balloonOf(root) === 'none') {
    const both = change.maxMemory ?? change.memory ?? now.maxMemory
    if (change.memory === undefined || change.memory === both) return { memory: both, maxMemory: both }
    throw new UsageError('the machine has no balloon, so its guest has all of max-memory', 'give one of memory and max-memory, or balloon=virtio too')
  }
  const maxMemory = change.maxMemory ?? Math.max(change.memory ?? 0, now.maxMemory)
  return { memory: change.memory ?? Math.min(now.memory, maxMemory), maxMemory }
}

/** With NUMA, libvirt counts the memory as the sum of the cells and of the modules that are plugged in. */
function fitCells(root: XmlElement, maxMemory: number): void {
  const limit = bytesOf(child(root, 'maxMemory'), 'KiB')
  if (limit !== null && maxMemory > limit) {
    throw new UsageError(`the machine's memory with all modules ends at ${limit / 1024} KiB (<maxMemory>)`, 'bay vm edit raises it')
  }
  const cells = all(root, 'cpu/numa/cell')
  const [cell] = cells
  const plugged = all(root, 'devices/memory/target/size').reduce((sum, size) => sum + (bytesOf(size, 'KiB') ?? 0), 0)
  if (maxMemory <= plugged) throw new UsageError(`the machine's memory modules alone have ${plugged / 1024} KiB`, 'bay vm edit takes them out')
  if (!cell) return
  if (cells.length > 1) throw manyCells(cells.length, 'which of them get other memory')
  cell.attributes['memory'] = String(kibibytes(maxMemory - plugged, 'max-memory'))
  cell.attributes['unit'] = 'KiB'
}
