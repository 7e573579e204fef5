import { createExternalBuffer, DataType, type JsExternal } from 'ffi-rs'
import { callNative, type NativeCall } from './library.js'

const pointerSize = 8

/** Copies `size` bytes of native memory. The caller vouches that they are there. */
export function readMemory(address: bigint, size: number): Buffer {
  const buffer = Buffer.alloc(size)
  if (size > 0) {
    callNative({
      library: 'libc', name: 'memcpy', result: DataType.BigInt,
      types: [DataType.U8Array, DataType.BigInt, DataType.BigInt], values: [buffer, address, BigInt(size)],
    })
  }
  return buffer
}

/** The memory that a call's result points to, itself and no copy: to be used only while its owner keeps it. */
export function mapMemory(call: NativeCall, size: number): Buffer {
  return createExternalBuffer(callNative({ ...call, result: DataType.External }) as JsExternal, size)
}

const shortText = Buffer.alloc(1024)

/** Copies a C string (UTF-8); the memory stays its owner's. NULL gives null. */
export function readText(address: bigint): string | null {
  if (address === 0n) return null
  // strncpy stops at NUL, so one call serves nearly every name; a long text is measured and copied.
  callNative({
    library: 'libc', name: 'strncpy', result: DataType.BigInt,
    types: [DataType.U8Array, DataType.BigInt, DataType.BigInt], values: [shortText, address, BigInt(shortText.length)],
  })
  const end = shortText.indexOf(0)
  if (end >= 0) return shortText.toString('utf8', 0, end)
  const length = callNative({
    library: 'libc', name: 'strlen', result: DataType.BigInt, types: [DataType.BigInt], values: [address],
  })
  return readMemory(address, Number(length)).toString('utf8')
}

/** Copies an array of `count` pointers. */
export function readPointers(address: bigint, count: number): bigint[] {
  const buffer = readMemory(address, count * pointerSize)
  return Array.from({ length: count }, (_, index) => buffer.readBigUInt64LE(index * pointerSize))
}

/** Gives memory that libvirt allocated for us back to the C library. */
export function freeMemory(address: bigint): void {
  if (address === 0n) return
  callNative({ library: 'libc', name: 'free', result: DataType.Void, types: [DataType.BigInt], values: [address] })
}

/** A zeroed block of native memory, which the caller frees. */
export function allocate(size: number): bigint {
  return callNative({
    library: 'libc', name: 'calloc', result: DataType.BigInt,
    types: [DataType.BigInt, DataType.BigInt], values: [1n, BigInt(size)],
  }) as bigint
}

/** A place where C puts one pointer. */
export class PointerSlot {
  readonly buffer = Buffer.alloc(pointerSize)

  get value(): bigint {
    return this.buffer.readBigUInt64LE(0)
  }
}

/** A NUL-terminated copy of a text for C. @throws TypeError on a NUL inside: C would silently cut it there. */
export function cText(value: string): Buffer {
  if (value.includes('\0')) throw new TypeError('a text for libvirt holds a NUL character')
  return Buffer.from(`${value}\0`, 'utf8')
}
