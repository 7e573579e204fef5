import { DataType } from 'ffi-rs'
import { callNative } from './library.js'

const whence = { data: 3, hole: 4 }

/**
 * Where the next data, or the next hole, of an open file is, from the byte `from` on; null when there is none up to its end,
 * or its file system does not tell. The file's own position moves. https://man7.org/linux/man-pages/man2/lseek.2.html
 */
export function seekNext(fd: number, from: number, what: keyof typeof whence): number | null {
  const found = callNative({
    library: 'libc', name: 'lseek', result: DataType.BigInt,
    types: [DataType.I32, DataType.BigInt, DataType.I32], values: [fd, BigInt(from), whence[what]],
  }) as bigint
  return BigInt.asIntN(64, found) < 0n ? null : Number(found)
}
