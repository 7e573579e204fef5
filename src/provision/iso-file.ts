const sectorSize = 2048

/**
 * The content of a file in the root of an ISO 9660 disc with Joliet names, such as a seed's; undefined when there is none, or
 * it is no such disc. See ECMA-119, 8.5 and 9.1, and the Joliet Specification.
 */
export function readIsoFile(iso: Buffer, name: string): Buffer | undefined {
  for (let sector = 16; (sector + 1) * sectorSize <= iso.length; sector += 1) {
    const descriptor = iso.subarray(sector * sectorSize, (sector + 1) * sectorSize)
    if (descriptor.toString('latin1', 1, 6) !== 'CD001' || descriptor[0] === 255) return undefined
    if (descriptor[0] !== 2 || !/^%\/[@CE]/.test(descriptor.toString('latin1', 88, 91))) continue
    const entry = records(extent(iso, descriptor.subarray(156))).find((record) => nameOf(record) === name)
    return entry && extent(iso, entry)
  }
  return undefined
}

/** The bytes that a directory record is about. */
function extent(iso: Buffer, record: Buffer): Buffer {
  const from = record.readUInt32LE(2) * sectorSize
  return iso.subarray(from, from + record.readUInt32LE(10))
}

/** None goes over the end of a sector: zeros fill what is left. */
function records(directory: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < directory.length;) {
    const length = directory[at] ?? 0
    if (length >= 34 && at + length <= directory.length) found.push(directory.subarray(at, at + length))
    at = length >= 34 ? at + length : (Math.floor(at / sectorSize) + 1) * sectorSize
  }
  return found
}

function nameOf(record: Buffer): string {
  const bytes = Buffer.from(record.subarray(33, 33 + (record[32] ?? 0)))
  return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le').replace(/;\d+$/, '') : ''
}
