import { nonBlocking, stopAtHole } from './flags.js'
import { Handle } from './handle.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'

/** Bytes on their way to a host or from it: https://libvirt.org/html/libvirt-libvirt-stream.html */
export class Stream extends Handle<'stream'> {
  #open = true

  /** A new stream that does not block, for what a host sends. */
  static nonBlocking(connection: Pointer<'conn'>): Stream {
    return new Stream(call.virStreamNew(connection, nonBlocking))
  }

  /** Sends all the bytes; libvirt may take them in several pieces. */
  send(bytes: Buffer): void {
    for (let sent = 0; sent < bytes.length;) {
      const rest = bytes.subarray(sent)
      sent += this.offer(rest) ?? 0
    }
  }

  /** Sends as many of the bytes as libvirt takes at once: how many; null when a stream that does not block takes none now. */
  offer(bytes: Buffer): number | null {
    return this.#carry(() => call.virStreamSend(this.pointer, bytes, BigInt(bytes.length)))
  }

  /** Leaves a hole of `length` bytes. */
  skip(length: number): void {
    call.virStreamSendHole(this.pointer, BigInt(length), 0)
  }

  /**
   * What has come since, at most as much as the Buffer holds, of a stream that does not block: how many bytes, null when there
   * are none yet, 0 at the end.
   */
  receive(into: Buffer): number | null {
    return this.#carry(() => call.virStreamRecv(this.pointer, into, BigInt(into.length)))
  }

  /** The same of a stream that tells its holes: 'hole' where one begins, which `hole` then passes. */
  receiveSparse(into: Buffer): number | null | 'hole' {
    return call.virStreamRecvFlags(this.pointer, into, BigInt(into.length), stopAtHole)
  }

  /** Passes the hole that begins here: how many bytes it has. */
  hole(): number {
    const length = Buffer.alloc(8)
    call.virStreamRecvHole(this.pointer, length, 0)
    return Number(length.readBigInt64LE(0))
  }

  /** Ends the stream and learns whether the host has stored all of it. */
  finish(): void {
    this.#open = false
    call.virStreamFinish(this.pointer)
  }

  /** One that fails is aborted by libvirt itself, and must not be aborted again. */
  #carry<T>(move: () => T): T {
    try {
      return move()
    } catch (error) {
      this.#open = false
      throw error
    }
  }

  protected free(pointer: Pointer<'stream'>): void {
    try {
      if (this.#open) call.virStreamAbort(pointer)
    } finally {
      call.virStreamFree(pointer)
    }
  }
}
