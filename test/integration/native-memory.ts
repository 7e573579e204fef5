import { DataType } from 'ffi-rs'
import { callNative } from '../../src/virt/raw/library.js'
import { allocate } from '../../src/virt/raw/memory.js'

/** Native memory with these bytes in it; whoever gets it frees it. */
export function native(bytes: Uint8Array): bigint {
  const address = allocate(bytes.length)
  writeNative(address, bytes)
  return address
}

export function writeNative(address: bigint, bytes: Uint8Array): void {
  callNative({
    library: 'libc', name: 'memcpy', result: DataType.BigInt,
    types: [DataType.BigInt, DataType.U8Array, DataType.BigInt], values: [address, Buffer.from(bytes), BigInt(bytes.length)],
  })
}

/** A text as C has it. */
export function nativeText(text: string): bigint {
  return native(Buffer.from(`${text}\0`))
}

/** A struct: its size, and what stands where in it; a bigint takes 8 bytes, a number 4. */
export function struct(size: number, fields: Record<number, bigint | number>): Buffer {
  const bytes = Buffer.alloc(size)
  for (const [at, value] of Object.entries(fields)) {
    if (typeof value === 'number') bytes.writeInt32LE(value, Number(at))
    else bytes.writeBigUInt64LE(BigInt.asUintN(64, value), Number(at))
  }
  return bytes
}

/** An array of pointers, with a NULL at its end. */
export function nativePointers(addresses: bigint[]): bigint {
  return native(Buffer.from(BigUint64Array.from([...addresses, 0n]).buffer))
}
