import { DataType } from 'ffi-rs'
import { callNative } from './library.js'

const operations = { shared: 1, exclusive: 2, withoutWaiting: 4 }

/**
 * Tries to lock an open file for this process, without waiting; false when another has it. The lock ends when the file
 * descriptor is closed, and the kernel closes it whatever becomes of the process. https://man7.org/linux/man-pages/man2/flock.2.html
 */
export function tryLock(fd: number, { exclusive }: { exclusive: boolean }): boolean {
  const operation = (exclusive ? operations.exclusive : operations.shared) | operations.withoutWaiting
  const types = [DataType.I32, DataType.I32]
  return callNative({ library: 'libc', name: 'flock', result: DataType.I32, types, values: [fd, operation] }) === 0
}
