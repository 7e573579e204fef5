import { open, type FileHandle } from 'node:fs/promises'
import { BayError } from '../../errors.js'

/** https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt */
const magic = 0x514649fb
const offsetMask = 0x00fffffffffffe00n
const compressed = 1n << 62n
const entrySize = 8

/** Where one cluster's bytes are: at an offset of the file, nowhere but known to be zeros, or in a layer below. */
export type ClusterPlace = number | 'zeros' | 'below'

interface Read { size: number, clusterSize: number, length: number, tables: readonly bigint[] }

/**
 * A qcow2 file that QEMU wrote for a backup, for reading. What it says of layers below is never followed: it may be anybody's file.
 */
export class Qcow2 implements AsyncDisposable {
  readonly path: string
  /** bytes that the guest sees */
  readonly size: number
  readonly clusterSize: number
  readonly #file: FileHandle
  readonly #length: number
  readonly #tables: readonly bigint[]
  #table: { index: number, entries: Buffer } | null = null

  private constructor(path: string, file: FileHandle, read: Read) {
    this.path = path
    this.#file = file
    this.size = read.size
    this.clusterSize = read.clusterSize
    this.#length = read.length
    this.#tables = read.tables
  }

  /** @throws BayError `failed` for what is none, or is damaged */
  static async open(path: string): Promise<Qcow2> {
    const file = await open(path, 'r')
    try {
      const { size: length } = await file.stat()
      const header = await readAt(file, 0, 104, path)
      const bits = header.readUInt32BE(20)
      if (header.readUInt32BE(0) !== magic || bits < 9 || bits > 21) throw damaged(path, 'its first bytes are not those of qcow2')
      if (header.readUInt32BE(32) !== 0) throw damaged(path, 'it is encrypted')
      // Dirty and corrupt are the first two; what else is incompatible is not known here.
      if (header.readUInt32BE(4) >= 3 && header.readBigUInt64BE(72) !== 0n) {
        throw damaged(path, 'it was not closed properly, or has features that are not known here')
      }
      const size = Number(header.readBigUInt64BE(24))
      const count = header.readUInt32BE(36)
      const clusterSize = 2 ** bits
      if (count < Math.ceil(size / (clusterSize * clusterSize / entrySize)) || count > 2 ** 22) throw damaged(path, 'its table is too short')
      const table = await readAt(file, Number(header.readBigUInt64BE(40)), count * entrySize, path)
      const tables = Array.from({ length: count }, (_, index) => table.readBigUInt64BE(index * entrySize) & offsetMask)
      return new Qcow2(path, file, { size, clusterSize, length, tables })
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get clusters(): number {
    return Math.ceil(this.size / this.clusterSize)
  }

  /** @throws BayError `failed` for a place outside the file, and for what QEMU's backups do not have */
  async place(cluster: number): Promise<ClusterPlace> {
    const perTable = this.clusterSize / entrySize
    const index = Math.floor(cluster / perTable)
    const at = this.#tables[index] ?? 0n
    if (at === 0n) return 'below'
    const table = this.#table?.index === index
      ? this.#table
      : this.#table = { index, entries: await readAt(this.#file, Number(at), this.clusterSize, this.path) }
    const entry = table.entries.readBigUInt64BE(cluster % perTable * entrySize)
    if ((entry & compressed) !== 0n) throw damaged(this.path, 'it is compressed')
    if ((entry & 1n) !== 0n) return 'zeros'
    const offset = Number(entry & offsetMask)
    if (offset === 0) return 'below'
    if (offset >= this.#length) throw damaged(this.path, 'a cluster is outside the file')
    return offset
  }

  /** The bytes of a cluster; the last one of a disk may be shorter in the file. */
  async read(offset: number, length: number): Promise<Buffer> {
    return readAt(this.#file, offset, length, this.path)
  }

  /** Looks at every table. @throws as `place` */
  async check(): Promise<void> {
    for (let cluster = 0; cluster < this.clusters; cluster += 1) await this.place(cluster)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

async function readAt(file: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, at)
  // The end of the last cluster need not be in the file.
  if (bytesRead === 0) throw damaged(path, 'it ends too early')
  return buffer
}

function damaged(path: string, why: string): BayError {
  return new BayError('failed', `${path} cannot be read as a backup's disk: ${why}`)
}
