import { open, stat } from 'node:fs/promises'
import { UsageError } from '../errors.js'

export interface ImageFile {
  path: string
  format: 'qcow2' | 'raw'
  /** bytes of the file */
  length: number
  /** bytes that a guest sees */
  capacity: number
}

const otherFormats: [name: string, magic: string][] = [
  ['VMDK', 'KDMV'], ['VHDX', 'vhdxfile'], ['VHD', 'conectix'], ['VDI', '<<< '], ['QED', 'QED\0'], ['LUKS', 'LUKS\xba\xbe'],
]

const packings: [name: string, magic: string, unpack: string][] = [
  ['gzip', '\x1f\x8b', 'gunzip --keep'], ['xz', '\xfd7zXZ\0', 'xz -dk'], ['bzip2', 'BZh', 'bunzip2 --keep'], ['zstd', '\x28\xb5\x2f\xfd', 'zstd -d'],
  ['zip', 'PK\x03\x04', 'unzip'],
]

/**
 * What kind of disk image a local file is, from its first bytes. `shown` is what messages call it.
 * @throws UsageError when it cannot be read, is packed or a format that must be converted first, or is a layer over another file
 */
export async function readImageFile(path: string, shown = path): Promise<ImageFile> {
  const { header, length } = await readHeader(path)
  const { format, capacity } = imageKind(header, length, shown)
  return { path, format, length, capacity: capacity ?? length }
}

/**
 * The same of an image's first 104 bytes or more, zeros behind its end; the capacity of a raw one is not in it. `length` is that
 * of the whole image, as far as it is known.
 * @throws UsageError as `readImageFile`
 */
export function imageKind(header: Buffer, length: number, shown: string): { format: 'qcow2' | 'raw', capacity: number | null } {
  refuseOther(shown, header.toString('latin1'))
  if (header.toString('latin1', 0, 4) !== 'QFI\xfb') return { format: 'raw', capacity: null }
  refuseBroken(shown, header, length)
  refuseLayer(shown, header)
  return { format: 'qcow2', capacity: Number(header.readBigUInt64BE(24)) }
}

async function readHeader(path: string): Promise<{ header: Buffer, length: number }> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the image ${path} cannot be read: ${reason(error)}`)
  })
  if (!found.isFile()) throw new UsageError(`the image ${path} is no file`)
  if (found.size === 0) throw new UsageError(`the image ${path} is empty`)
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the image ${path} cannot be read: ${reason(error)}`)
  })
  try {
    const { buffer } = await file.read(Buffer.alloc(104), 0, 104, 0)
    return { header: buffer, length: found.size }
  } finally {
    await file.close()
  }
}

function refuseOther(path: string, header: string): void {
  const other = otherFormats.find(([, magic]) => header.startsWith(magic))
  if (other) throw new UsageError(`${path} is a ${other[0]} image`, `qemu-img convert -O qcow2 ${path} ${path}.qcow2`)
  const packed = packings.find(([, magic]) => header.startsWith(magic))
  if (packed) throw new UsageError(`${path} is packed with ${packed[0]}`, `unpack it first: ${packed[2]} ${path}`)
}

/** qcow2's header: its version at 4, the guest's bytes at 24; the shortest has 72 bytes. */
function refuseBroken(path: string, header: Buffer, length: number): void {
  const [version, capacity] = [header.readUInt32BE(4), header.readBigUInt64BE(24)]
  const whole = length >= 72 && (version === 2 || version === 3) && capacity > 0n && capacity <= BigInt(Number.MAX_SAFE_INTEGER)
  if (!whole) throw new UsageError(`the image ${path} begins like qcow2 but is cut short or damaged`, `qemu-img check ${path}`)
}

/** qcow2's header: the backing file's place at 8, incompatible features at 72, of which bit 2 is an external data file. */
function refuseLayer(path: string, header: Buffer): void {
  const external = header.readUInt32BE(4) >= 3 && (header.readBigUInt64BE(72) & 4n) !== 0n
  if (header.readBigUInt64BE(8) === 0n && !external) return
  throw new UsageError(`the image ${path} is a layer over another file, which would be missing`, `qemu-img convert -O qcow2 ${path} ${path}.flat`)
}

function reason(error: NodeJS.ErrnoException): string {
  return { ENOENT: 'there is no such file', EACCES: 'permission denied' }[error.code ?? ''] ?? error.message
}
