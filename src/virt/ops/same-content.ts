import { lengthOf, type Piece } from '../sparse-file.js'

/**
 * How far a volume has the same bytes as a file from its start on; null when anything but zeros comes after that, as it does not
 * when a copy in order was cut. Reads all of the file.
 */
export async function sameUntil(file: AsyncIterable<Piece>, volume: Iterable<Piece>): Promise<number | null> {
  const pieces = volume[Symbol.iterator]()
  let [theirs, same, differs]: [Piece, number, boolean] = [{ hole: 0 }, 0, false]
  let other = false
  for await (let mine of file) {
    while (lengthOf(mine) > 0 && !other) {
      if (lengthOf(theirs) === 0) {
        const next = nextOf(pieces)
        other = next === null
        theirs = next ?? mine
      }
      const size = Math.min(lengthOf(mine), lengthOf(theirs))
      const [a, b] = [part(mine, 0, size), part(theirs, 0, size)]
      const equal: number = differs ? 0 : equalBytes(a, b)
      same += equal
      differs ||= equal < size
      other ||= differs && !isZeros(part(b, equal, size))
      ;[mine, theirs] = [part(mine, size), part(theirs, size)]
    }
  }
  for (let piece: Piece | null = theirs; piece !== null && !other; piece = nextOf(pieces)) other = !isZeros(piece)
  return other ? null : same
}

function nextOf(pieces: Iterator<Piece>): Piece | null {
  for (;;) {
    const next = pieces.next()
    if (next.done) return null
    if (lengthOf(next.value) > 0) return next.value
  }
}

function equalBytes(a: Piece, b: Piece): number {
  const size = lengthOf(a)
  if ('hole' in a && 'hole' in b) return size
  const [one, other] = [bytesOf(a), bytesOf(b)]
  if (one.equals(other)) return size
  return one.findIndex((byte, at) => byte !== other[at])
}

function bytesOf(piece: Piece): Buffer {
  return 'data' in piece ? piece.data : Buffer.alloc(piece.hole)
}

function isZeros(piece: Piece): boolean {
  return 'hole' in piece || piece.data.every((byte) => byte === 0)
}

function part(piece: Piece, from: number, to = lengthOf(piece)): Piece {
  return 'data' in piece ? { data: piece.data.subarray(from, to) } : { hole: to - from }
}
