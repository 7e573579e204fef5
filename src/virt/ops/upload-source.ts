import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { BayError, UsageError } from '../../errors.js'
import { sha256Of } from '../../provision/download-checksums.js'
import { imageKind, readImageFile } from '../../provision/image-file.js'
import { sh } from '../../shell.js'
import { filePieces, pieceOf, pieceSize, zerosOf, type Piece } from '../sparse-file.js'
import { headSize } from './upload.js'

/** What is uploaded: a local file, or a stream of unknown length. */
export interface UploadSource extends AsyncDisposable {
  /** what messages call it */
  shown: string
  format: 'qcow2' | 'raw'
  /** bytes of the content; null when only its end will tell */
  length: number | null
  /** bytes that a guest sees; null when nobody knows yet */
  capacity: number | null
  /** the first bytes */
  head: Buffer
  /** what comes after them */
  rest: () => AsyncIterable<Piece>
  /** what comes after a byte, not summed; null of what can only be read in order */
  from: ((at: number) => AsyncIterable<Piece>) | null
  /** whether its sum is made as `rest` is read */
  sums: boolean
  /** of all of it, in hexadecimal, once `rest` has ended; null when nobody has asked */
  sha256: () => string | null
}

export interface Summing {
  /** whether the sum is wanted */
  sum: boolean
  /** what it must be, in hexadecimal; null for whatever it is */
  expected: string | null
}

/**
 * A local file. A sum that it must have is checked before anything else.
 * @throws UsageError when it is no disk image that could be stored as it is; BayError `failed` for a wrong sum
 */
export async function fileSource(path: string, forced: 'raw' | undefined, { sum, expected }: Summing, signal: AbortSignal): Promise<UploadSource> {
  const image = forced === 'raw' ? await rawFile(path) : await readImageFile(path)
  if (expected !== null) refuseWrongSum(path, await sha256Of(path, signal), expected)
  const file = await open(path)
  const { length } = image
  const head = Buffer.alloc(Math.min(headSize, length))
  await file.read(head, 0, head.length, 0)
  const hash = new Summed(sum && expected === null)
  const rest = () => hash.through(head, filePieces(path, file, { from: head.length, to: length }))
  return {
    shown: path, format: image.format, length, capacity: image.capacity, head, rest,
    from: (at) => filePieces(path, file, { from: at, to: length }), sums: sum && expected === null,
    sha256: () => expected ?? hash.digest(), [Symbol.asyncDispose]: () => file.close(),
  }
}

/** What comes in through a pipe. Its sum is known at its end. @throws UsageError as `fileSource` */
export async function streamSource(input: AsyncIterable<Buffer>, forced: 'raw' | undefined, { sum }: Pick<Summing, 'sum'>): Promise<UploadSource> {
  const shown = 'standard input'
  const pieces = inPieces(input)
  const first = await pieces.next()
  if (first.done) throw new UsageError(`${shown} is empty`)
  const head = Buffer.from(first.value)
  const header = Buffer.concat([head, Buffer.alloc(104)])
  const kind = forced === 'raw' ? { format: forced, capacity: null } : imageKind(header, head.length, shown)
  const hash = new Summed(sum)
  const rest = () => hash.through(head, asPieces(pieces))
  return {
    shown, ...kind, length: null, head, rest, from: null, sums: sum, sha256: () => hash.digest(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** @throws BayError `failed` */
export function refuseWrongSum(what: string, found: string, expected: string): void {
  if (found === expected) return
  throw new BayError('failed', `${what} is not what it should be: its SHA-256 sum is ${found}, and should be ${expected}`)
}

/** The sum of what passes; zeros count although nobody reads them. */
export class Summed {
  readonly #hash: ReturnType<typeof createHash> | null
  #digest: string | null = null

  constructor(wanted: boolean) {
    this.#hash = wanted ? createHash('sha256') : null
  }

  add(piece: Piece): void {
    if (this.#hash === null) return
    if ('data' in piece) this.#hash.update(piece.data)
    else for (const zeros of zerosOf(piece.hole)) this.#hash.update(zeros)
  }

  async* through(head: Buffer, pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    this.add({ data: head })
    for await (const piece of pieces) {
      this.add(piece)
      yield piece
    }
  }

  /** To be asked once all has passed. */
  digest(): string | null {
    this.#digest ??= this.#hash?.digest('hex') ?? null
    return this.#digest
  }
}

async function rawFile(path: string): Promise<{ format: 'raw', length: number, capacity: number }> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  try {
    const found = await file.stat()
    if (!found.isFile()) throw new UsageError(`${path} is no file`, sh`bay vol upload - POOL/NAME < ${path} takes what can only be read in order`)
    if (found.size === 0) throw new UsageError(`${path} is empty`)
    return { format: 'raw', length: found.size, capacity: found.size }
  } finally {
    await file.close()
  }
}

/** What a pipe gives comes in bits of its own length. */
async function* inPieces(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let size = 0
  for await (const bytes of input) {
    held.push(bytes)
    size += bytes.length
    if (size < pieceSize) continue
    const joined = Buffer.concat(held)
    let at = 0
    for (; joined.length - at >= pieceSize; at += pieceSize) yield joined.subarray(at, at + pieceSize)
    held = [joined.subarray(at)]
    size = joined.length - at
  }
  if (size > 0) yield Buffer.concat(held)
}

async function* asPieces(buffers: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  for await (const bytes of buffers) yield pieceOf(bytes)
}
