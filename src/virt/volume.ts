import { volumeTypes, word } from './enums.js'
import { sparseStream } from './flags.js'
import { Handle } from './handle.js'
import { call, callInBackground } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { Stream } from './stream.js'

export interface VolumeInfo {
  type: string
  /** bytes */
  capacity: number
  allocation: number
}

const readSize = 64 * 1024

/** A storage volume: https://libvirt.org/html/libvirt-libvirt-storage.html */
export class StorageVolume extends Handle<'volume'> {
  readonly #connection: Pointer<'conn'>

  constructor(pointer: Pointer<'volume'>, connection: Pointer<'conn'>) {
    super(pointer)
    this.#connection = connection
  }

  name(): string { return call.virStorageVolGetName(this.pointer) }
  key(): string { return call.virStorageVolGetKey(this.pointer) }
  path(): string { return call.virStorageVolGetPath(this.pointer) }
  xml(): string { return call.virStorageVolGetXMLDesc(this.pointer, 0) }
  delete(): void { call.virStorageVolDelete(this.pointer, 0) }
  /** `flags` are virStorageVolResizeFlags */
  /** Overwrites its content (virStorageVolWipeAlgorithm). */
  wipe(algorithm: number): Promise<void> { return callInBackground(this.#connection, 'virStorageVolWipePattern', this.pointer, algorithm, 0) }
  resize(bytes: bigint, flags = 0): void { call.virStorageVolResize(this.pointer, bytes, flags) }

  info(): VolumeInfo {
    const info = Buffer.alloc(24)
    call.virStorageVolGetInfo(this.pointer, info)
    return {
      type: word(volumeTypes, info.readInt32LE(0)),
      capacity: Number(info.readBigUInt64LE(8)), allocation: Number(info.readBigUInt64LE(16)),
    }
  }

  /** A stream whose `length` bytes become the volume's content from the byte `offset` on; holes stay holes. */
  upload(length: bigint, offset = 0n): Stream {
    const stream = new Stream(call.virStreamNew(this.#connection, 0))
    try {
      call.virStorageVolUpload(this.pointer, stream.pointer, offset, length, sparseStream)
    } catch (error) {
      stream[Symbol.dispose]()
      throw error
    }
    return stream
  }

  /** A stream of up to `length` bytes of the content from the byte `offset` on, 0 for all; it tells its holes. */
  download(offset = 0n, length = 0n): Stream {
    const stream = new Stream(call.virStreamNew(this.#connection, 0))
    try {
      call.virStorageVolDownload(this.pointer, stream.pointer, offset, length, sparseStream)
    } catch (error) {
      stream[Symbol.dispose]()
      throw error
    }
    return stream
  }

  /** The first `length` bytes of the content, or all of a shorter one. */
  read(length: number): Buffer {
    using stream = new Stream(call.virStreamNew(this.#connection, 0))
    call.virStorageVolDownload(this.pointer, stream.pointer, 0n, BigInt(length), 0)
    const pieces: Buffer[] = []
    for (;;) {
      const piece = Buffer.alloc(readSize)
      const count = stream.receive(piece)
      if (count === null || count === 0) break
      pieces.push(piece.subarray(0, count))
    }
    stream.finish()
    return Buffer.concat(pieces)
  }

  protected free(pointer: Pointer<'volume'>): void {
    call.virStorageVolFree(pointer)
  }
}
