import { expect } from 'chai'
import fc from 'fast-check'
import { FrameReader, headerOf, isAnswered, isAnswerTo, isRequest, type RpcHeader } from '../lab/rpc-frames.js'

const remote = 0x20008086
const keepalive = 0x6b656570

function frame({ program, version, procedure, type, serial, status }: RpcHeader, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(28)
  const numbers = [28 + payload.length, program, version, procedure, type, serial, status]
  for (const [index, value] of numbers.entries()) head.writeUInt32BE(value, index * 4)
  return Buffer.concat([head, payload])
}

const call: RpcHeader = { program: remote, version: 1, procedure: 60, type: 0, serial: 7, status: 0 }

describe("libvirt's messages on the wire", () => {
  it('are cut out of pieces of any size', () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
    fc.assert(fc.property(contents, fc.array(fc.integer({ min: 1, max: 50 })), (payloads, sizes) => {
      const frames = payloads.map((payload, serial) => frame({ ...call, serial }, Buffer.from(payload)))
      const all = Buffer.concat(frames)
      const reader = new FrameReader()
      const found: Buffer[] = []
      for (let at = 0, piece = 0; at < all.length; piece += 1) {
        const size = sizes[piece % Math.max(sizes.length, 1)] ?? 13
        found.push(...reader.read(all.subarray(at, at + size)))
        at += size
      }
      expect(found.map((each) => each.toString('hex'))).to.deep.equal(frames.map((each) => each.toString('hex')))
    }))
  })

  it('say what they are', () => {
    expect(headerOf(frame({ ...call, program: 0xffffffff, status: 2 }))).to.deep.equal({ ...call, program: 0xffffffff, status: 2 })
  })

  it('of no sensible length are refused', () => {
    for (const length of [0, 27, 64 << 20]) {
      const bytes = frame(call)
      bytes.writeUInt32BE(length)
      expect(() => new FrameReader().read(bytes), `${length}`).to.throw("none of libvirt's")
    }
  })

  it('are requests when the client asks or gives something, and answered when it waits', () => {
    for (const [header, request, answered] of [
      [call, true, true],
      [{ ...call, type: 4 }, true, true],
      [{ ...call, type: 3, status: 2 }, true, false],
      [{ ...call, type: 3, status: 0 }, true, true],
      [{ ...call, type: 3, status: 1 }, true, true],
      [{ ...call, type: 6, status: 2 }, true, false],
      [{ ...call, program: keepalive, type: 2 }, false, false],
      [{ ...call, program: keepalive, type: 0 }, false, true],
      [{ ...call, type: 1 }, false, false],
      [{ ...call, type: 2 }, false, false],
    ] as const) {
      expect([isRequest(header), isAnswered(header)], JSON.stringify(header)).to.deep.equal([request, answered])
    }
  })

  it('answer a request by its number', () => {
    expect(isAnswerTo(call, { ...call, type: 1 })).to.equal(true)
    expect(isAnswerTo({ ...call, type: 3 }, { ...call, type: 3, status: 1 })).to.equal(true)
    expect(isAnswerTo(call, { ...call, type: 1, serial: 8 })).to.equal(false)
    expect(isAnswerTo(call, { ...call, type: 2 })).to.equal(false)
    expect(isAnswerTo(call, { ...call, type: 1, program: keepalive })).to.equal(false)
  })
})
