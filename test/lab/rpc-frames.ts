/** libvirt's wire format, as far as counting needs it: https://libvirt.org/kbase/internals/rpc.html */

/** The header of a message; all numbers are 32 bits, big-endian, after 4 bytes of length that count themselves. */
export interface RpcHeader {
  program: number
  version: number
  procedure: number
  /** 0 call, 1 reply, 2 event, 3 data of a stream, 4 and 5 a call and a reply with file descriptors, 6 a hole in a stream */
  type: number
  serial: number
  /** 0 ok, 1 error, 2 more of the stream comes */
  status: number
}

const headerEnd = 4 + 6 * 4
const longest = 33 << 20
/** "keep": questions whether the other side lives, and their answers, in a program of their own. */
const keepalive = 0x6b656570

export function headerOf(frame: Buffer): RpcHeader {
  const numbers = [4, 8, 12, 16, 20, 24].map((at) => frame.readUInt32BE(at))
  const [program = 0, version = 0, procedure = 0, type = 0, serial = 0, status = 0] = numbers
  return { program, version, procedure, type, serial, status }
}

/** Whether the client asks or gives something here: a call, or a piece of a stream. */
export function isRequest({ program, type }: RpcHeader): boolean {
  return program !== keepalive && [0, 3, 4, 6].includes(type)
}

/** Whether the daemon answers it: a call, and the end of a stream. */
export function isAnswered({ type, status }: RpcHeader): boolean {
  return type === 0 || type === 4 || (type === 3 && status !== 2)
}

/** Whether this is the answer to that. An error ends a stream under its call's number too. */
export function isAnswerTo(request: RpcHeader, { program, type, serial }: RpcHeader): boolean {
  return program === request.program && serial === request.serial && [1, 3, 5].includes(type)
}

/** Cuts what comes in pieces of any size into whole messages, each with its length in front. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws Error when this is no message of libvirt's */
  read(piece: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, piece])
    const frames: Buffer[] = []
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUInt32BE(0)
      if (length < headerEnd || length > longest) throw new Error(`a message of ${length} bytes is none of libvirt's`)
      if (this.#rest.length < length) break
      frames.push(this.#rest.subarray(0, length))
      this.#rest = this.#rest.subarray(length)
    }
    return frames
  }
}
