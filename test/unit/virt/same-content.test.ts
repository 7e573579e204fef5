import { expect } from 'chai'
import fc from 'fast-check'
import { sameUntil } from '../../../src/virt/ops/same-content.js'
import type { Piece } from '../../../src/virt/sparse-file.js'

async function* soon(pieces: readonly Piece[]): AsyncGenerator<Piece> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}

/** The bytes in pieces of these lengths; those of zeros as holes or not. */
function cut(bytes: Buffer, lengths: readonly number[], holes: boolean): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const data = bytes.subarray(at, at + (lengths[index % lengths.length] ?? 1))
    pieces.push(holes && data.every((byte) => byte === 0) ? { hole: data.length } : { data })
    at += data.length
  }
  return pieces
}

describe('how far a volume is the same as a file', () => {
  const content = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes))
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

  it('is where a copy in order was cut, or further where the file has zeros', () => fc.assert(
    fc.asyncProperty(content, fc.nat(60), lengths, lengths, fc.boolean(), async (file, arrived, some, others, holes) => {
      const volume = Buffer.alloc(file.length)
      file.copy(volume, 0, 0, arrived)
      const differs = file.findIndex((byte, at) => byte !== volume[at])
      const same = await sameUntil(soon(cut(file, some, holes)), cut(volume, others, !holes))
      expect(same).to.equal(differs === -1 ? file.length : differs)
    }),
  ))

  it('is nothing where other bytes come after the first difference or the end, or where the volume is shorter', () => fc.assert(
    fc.asyncProperty(content, fc.nat(59), lengths, async (file, place, some) => {
      const at = place % file.length
      const volume = Buffer.concat([file, Buffer.from([0])])
      volume[at] = 9
      expect(await sameUntil(soon(cut(file, some, true)), cut(volume, some, false))).to.equal(null)
      expect(await sameUntil(soon(cut(file, some, true)), [{ data: file }, { data: Buffer.from([1]) }])).to.equal(null)
      expect(await sameUntil(soon([{ data: file }, { data: Buffer.from([0]) }]), [{ data: file }])).to.equal(null)
    }),
  ))
})
